package dsn

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
)

func postgresDialect() dialect {
	return dialect{
		kind: Postgres, provider: "postgresql", schemes: []string{"postgres", "postgresql"}, port: "5432",
		path: takeDatabase, build: buildPostgres, keys: postgresKeys(),
		sslModes: []string{"disable", "allow", "prefer", "require", "verifyca", "verifyfull"},
	}
}

// postgresKeys are those of Npgsql, and libpq's where they are spelled otherwise.
func postgresKeys() []key {
	return []key{
		honour(takeServers, keyServer, "Host"),
		honour(takePort, keyPort),
		honour(text(func(s *settings, v string) { s.database = v }), "Database", "DB", "dbname"),
		honour(text(takeUser), "Username", "User ID", "UID", "User"),
		honour(text(takePassword), "Password", "PSW", "PWD"),
		honour(param("passfile"), "Passfile"),
		honour(param("search_path"), "Search Path"),
		honour(param("options"), "Options"),
		honour(param("application_name"), "Application Name"),
		honour(choice("sslmode", map[string]string{
			"disable": "disable", "allow": "allow", "prefer": "prefer", "require": "require", "verifyca": "verify-ca", "verifyfull": "verify-full",
		}), keySSLMode),
		honour(param("sslrootcert"), "Root Certificate", "sslrootcert"),
		honour(param("sslcert"), "SSL Certificate", "sslcert"),
		honour(param("sslkey"), "SSL Key"),
		honour(param("sslpassword"), "SSL Password"),
		honour(choice("sslnegotiation", map[string]string{"postgres": "postgres", "direct": "direct"}), "SSL Negotiation"),
		honour(choice("channel_binding", map[string]string{"disable": "disable", "prefer": "prefer", "require": "require"}), "Channel Binding"),
		honour(param("require_auth"), "Require Auth"),
		honour(choice("target_session_attrs", map[string]string{"any": "any", "primary": "primary", "readwrite": "read-write"}),
			"Target Session Attributes", "target_session_attrs"),
		connectTimeout("Timeout", "connect_timeout"),
		statementTimeout("Command Timeout"),
		maxPool("Maximum Pool Size", "Max Pool Size", "pool_max_conns"),

		pooled(),
		ignore(ownPool, "Minimum Pool Size", "Min Pool Size", "Connection Idle Lifetime", "Connection Pruning Interval", "Connection Lifetime",
			"Load Balance Timeout", "No Reset On Close"),
		ignore("SSL Mode alone says it: Require does not check the certificate, VerifyCA and VerifyFull do", "Trust Server Certificate"),
		ignore("connections always speak UTF-8", "Client Encoding", "Encoding"),
		ignore("instants are stored as numbers, in no zone", "Timezone"),
		ignore(noTypes, "Load Table Composites", "Array Nullability Mode", "Convert Infinity DateTime", "Server Compatibility Mode"),
		ignore(oneDatabase, "Enlist"),
		ignore(keepsPlain, "Persist Security Info"),
		ignore(notReported, "Include Error Detail", "Include Error Details", "Log Parameters", "Use Perf Counters"),
		ignore(inTheDriver, "Keepalive", "Tcp Keepalive", "Tcp Keepalive Time", "Tcp Keepalive Interval", "Read Buffer Size", "Write Buffer Size",
			"Socket Receive Buffer Size", "Socket Send Buffer Size", "Max Auto Prepare", "Auto Prepare Min Usages", "Internal Command Timeout",
			"Cancellation Timeout", "Backend Timeouts", "Use SSL Stream", "Write Coalescing Buffer Threshold Bytes"),
		ignoreIf(no(), oneStatement, "Multiplexing"),
		ignore("the schema is made by `carillon migrate`", "EF Template Database", "EF Admin Database", "Entity Template Database", "Entity Admin Database"),
		ignoreIf(no(), "the servers are tried in their order", "Load Balance Hosts"),
		ignore("the servers are tried anew for each connection", "Host Recheck Seconds"),
		ignoreIf(append(no(), "disable", "prefer"), "connections are encrypted by TLS", "GSS Encryption Mode"),
		ignore("it is for signing in with Kerberos", "Kerberos Service Name", "Include Realm"),

		integratedSecurity("Integrated Security"),
		refuseUnless(no(), "certificates are not looked up in lists of revoked ones", "Check Certificate Revocation"),
		refuseUnless([]string{"off"}, "Carillon is no replica", "Replication Mode"),
	}
}

// buildPostgres writes the keywords and values that pgx and libpq read, and not a URL: a URL cannot hold several servers
// with their ports.
func buildPostgres(s *settings) (string, error) {
	var hosts, ports []string
	for _, srv := range s.servers {
		hosts, ports = append(hosts, srv.host), append(ports, srv.port)
	}
	s.param("host", strings.Join(hosts, ","))
	s.param("port", strings.Join(ports, ","))
	s.param("dbname", s.database)
	s.param("application_name", s.takeParam("application_name", applicationName))
	s.param("connect_timeout", strconv.Itoa(int(s.connectTimeout/time.Second)))
	if s.user != "" {
		s.param("user", s.user)
	}
	if s.password != "" {
		s.param("password", s.password)
	}
	if (s.params["sslcert"] == "") != (s.params["sslkey"] == "") {
		return "", errors.New("must name both SSL Certificate and SSL Key, or neither")
	}
	quote := strings.NewReplacer(`\`, `\\`, `'`, `\'`)
	var words []string
	for name, value := range s.params {
		words = append(words, name+"='"+quote.Replace(value)+"'")
	}
	slices.Sort(words)
	return strings.Join(words, " "), nil
}
