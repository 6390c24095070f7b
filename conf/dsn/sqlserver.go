package dsn

import (
	"errors"
	"net/url"
	"strconv"
	"time"
)

func sqlServerDialect() dialect {
	return dialect{
		kind: SQLServer, provider: "sqlserver", schemes: []string{"sqlserver"}, port: "1433",
		path: takeInstance, build: buildSQLServer, keys: sqlServerKeys(),
	}
}

// takeInstance reads the path of a URL, which names an instance, as SQL Server's own drivers have it.
func takeInstance(s *settings, value string) error {
	if value != "" && !isHost(value) {
		return errURL
	}
	s.instance = value
	return nil
}

// sqlServerKeys are those of Microsoft.Data.SqlClient and System.Data.SqlClient, and two that only the Go driver spells so.
func sqlServerKeys() []key {
	return []key{
		honour(takeSQLServer, keyServer, "Data Source", "Address", "Addr", "Network Address"),
		honour(text(func(s *settings, v string) { s.database = v }), "Initial Catalog", "Database"),
		honour(text(takeUser), "User ID", "UID", "User"),
		honour(text(takePassword), "Password", "PWD"),
		honour(choice("encrypt", map[string]string{
			"true": "true", "yes": "true", "mandatory": "true", "strict": "strict", "false": "", "no": "", "optional": "",
			"disable": "disable", // not even the sign-in; of the driver, for servers without TLS
		}), "Encrypt"),
		honour(choice("TrustServerCertificate", map[string]string{"true": "true", "yes": "true", "false": "false", "no": "false"}),
			"Trust Server Certificate"),
		honour(param("hostNameInCertificate"), "Host Name In Certificate"),
		honour(param("serverCertificate"), "Server Certificate"),
		honour(param("app name"), "Application Name", "App", "App Name"),
		honour(param("workstation id"), "Workstation ID", "WSID"),
		honour(param("failoverpartner"), "Failover Partner"),
		honour(choice("multisubnetfailover", map[string]string{"true": "true", "yes": "true", "false": "false", "no": "false"}), "Multi Subnet Failover"),
		honour(whole(512, 32767, func(s *settings, n int) { s.param("packet size", strconv.Itoa(n)) }), "Packet Size"),
		connectTimeout("Connect Timeout", "Connection Timeout", "Timeout", "Dial Timeout"),
		statementTimeout("Command Timeout"),
		maxPool("Max Pool Size"),

		pooled(),
		ignore(ownPool, "Min Pool Size", "Connection Lifetime", "Load Balance Timeout", "Connection Reset", "Pool Blocking Period"),
		ignore(keepsPlain, "Persist Security Info"),
		ignore(oneStatement, "Multiple Active Result Sets", "Asynchronous Processing", "Async"),
		ignore(oneDatabase, "Enlist", "Transaction Binding"),
		ignore(inTheDriver, "Connect Retry Count", "Connect Retry Interval", "IP Address Preference", "Transparent Network IP Resolution",
			"Type System Version"),
		ignore("messages are told apart by their number", "Current Language", "Language"),
		ignore("it is for signing in with Kerberos", "Server SPN", "Failover Partner SPN"),
		ignore("no column is encrypted", "Attestation Protocol", "Enclave Attestation Url"),
		ignoreIf([]string{"disabled"}, "no column is encrypted", "Column Encryption Setting"),
		ignoreIf([]string{"readwrite"}, "Carillon writes", "Application Intent"),
		ignoreIf([]string{"dbmssocn"}, "servers are reached over TCP", "Network Library", "Network", "Net"),
		ignoreIf([]string{"sqlpassword", "notspecified"}, "users sign in with a password", "Authentication"),
		ignoreIf(no(), "Carillon is no replica", "Replication"),
		ignoreIf(no(), "it is for code that runs inside the server", "Context Connection"),

		integratedSecurity("Integrated Security", "Trusted_Connection"),
		refuseUnless(no(), windowsOnly, "User Instance"),
		refuse("attach the file on the server and write Initial Catalog", "AttachDBFilename", "Extended Properties", "Initial File Name"),
	}
}

// buildSQLServer writes sqlserver://user:password@host:port?parameters, or …@host/instance?parameters, whose port the server's
// browser tells. Without Encrypt only the sign-in is encrypted and no certificate is checked, as with the provider that
// ScheduleMaster uses.
func buildSQLServer(s *settings) (string, error) {
	switch {
	case len(s.servers) > 1:
		return "", errors.New("names several servers, of which SQL Server's driver takes one: write Failover Partner or Multi Subnet Failover")
	case s.servers[0].isSocket():
		return "", errors.New("names a path for the server; SQL Server is reached over TCP")
	case s.user == "":
		return "", errors.New("names no user")
	}
	trust := s.takeParam("TrustServerCertificate", "")
	if encrypt := s.takeParam("encrypt", ""); encrypt != "" {
		s.param("encrypt", encrypt)
		if trust != "" {
			s.param("TrustServerCertificate", trust)
		}
	}
	if s.params["serverCertificate"] != "" && s.params["hostNameInCertificate"] != "" {
		return "", errors.New("must name Server Certificate or Host Name In Certificate, and not both")
	}
	s.param("database", s.database)
	s.param("app name", s.takeParam("app name", applicationName))
	s.param("dial timeout", strconv.Itoa(int(s.connectTimeout/time.Second)))
	q := url.Values{}
	for name, value := range s.params {
		q.Set(name, value)
	}
	u := url.URL{Scheme: "sqlserver", User: url.UserPassword(s.user, s.password), Host: s.servers[0].String(), RawQuery: q.Encode()}
	if s.instance != "" {
		u.Host, u.Path = s.servers[0].host, "/"+s.instance
	}
	return u.String(), nil
}
