package dsn

import (
	"errors"
	"net/url"
	"slices"
	"strings"
)

// The reasons that several tables give.
const (
	ownPool      = "the pool keeps what is in use and closes what is not"
	noTypes      = "Carillon's tables have no columns that it would change"
	noBulk       = "Carillon never loads files"
	oneDatabase  = "transactions stay within one database"
	keepsPlain   = "the connection string is kept as a secret anyway"
	inTheDriver  = "the driver sees to it by itself"
	notReported  = "what the server says is in the log"
	windowsOnly  = "it exists on Windows only"
	oneStatement = "a connection does one thing at a time"
)

func mysqlDialect() dialect {
	return dialect{
		kind: MySQL, provider: "mysql", schemes: []string{"mysql", "mariadb"}, port: "3306",
		path: takeDatabase, build: buildMySQL, keys: mysqlKeys(),
		sslModes: []string{"none", "disabled", "preferred", "required", "verifyca", "verifyfull"},
	}
}

func takeDatabase(s *settings, value string) error {
	if strings.ContainsRune(value, 0) {
		return errors.New("holds a zero byte")
	}
	s.database = value
	return nil
}

func takeUser(s *settings, v string)     { s.user = v }
func takePassword(s *settings, v string) { s.password = v }

// mysqlKeys are those of MySqlConnector, which ScheduleMaster uses, and of Oracle's MySql.Data.
func mysqlKeys() []key {
	return []key{
		honour(takeServers, keyServer, "Host", "Data Source", "Address", "Addr", "Network Address"),
		honour(takePort, keyPort),
		honour(text(func(s *settings, v string) { s.database = v }), "Database", "Initial Catalog"),
		honour(text(takeUser), "User ID", "Username", "Uid", "User"),
		honour(text(takePassword), "Password", "Pwd"),
		honour(choice("tls", map[string]string{
			"none": "false", "disabled": "false", "preferred": "preferred", "required": "skip-verify", "verifyfull": "true",
			"verifyidentity": "true", // as the server's own programs call it
		}), keySSLMode),
		honour(choice("compress", map[string]string{"true": "true", "yes": "true", "1": "true", "false": "false", "no": "false", "0": "false"}),
			"Use Compression", "Compress"),
		connectTimeout("Connection Timeout", "Connect Timeout"),
		statementTimeout("Default Command Timeout", "Command Timeout"),
		maxPool("Maximum Pool Size", "Max Pool Size"),
		honour(param("program"), "Application Name"),

		pooled(),
		ignoreIf([]string{"tcp", "socket", "sockets", "unix", "unixsocket"}, "a server that begins with / is a socket, any other is reached over TCP",
			"Connection Protocol", "Protocol"),
		ignore("connections always speak utf8mb4", "Character Set", "CharSet"),
		ignore(ownPool, "Minimum Pool Size", "Min Pool Size", "Connection Lifetime", "Connection Idle Timeout", "Connection Idle Ping Time",
			"Connection Reset", "Defer Connection Reset", "DNS Check Interval"),
		ignore(noTypes, "Treat Tiny As Boolean", "Allow Zero Datetime", "Convert Zero Datetime", "DateTime Kind", "Old Guids", "GUID Format",
			"Respect Binary Flags", "Treat Blobs As UTF8", "Functions Return String", "Sql Server Mode"),
		ignore(noBulk, "Allow Load Local Infile", "Allow Load Local Infile In Path"),
		ignore(oneDatabase, "Auto Enlist", "Use XA Transactions", "Ignore Command Transaction"),
		ignore(keepsPlain, "Persist Security Info"),
		ignore("there is one server", "Load Balance", "Replication"),
		ignore(inTheDriver, "Allow Public Key Retrieval", "Allow User Variables", "Allow Batch", "Ignore Prepare", "Keep Alive", "Pipelining",
			"Cancellation Timeout", "Server Redirection Mode", "Interactive Session", "No Backslash Escapes", "Use Affected Rows",
			"Cache Server Properties", "Procedure Cache Size", "Use Procedure Bodies", "Check Parameters", "Table Caching",
			"Default Table Cache Age", "Use Default Command Timeout For EF", "Include Security Asserts"),
		ignore("TLS 1.2 and 1.3 are spoken", "TLS Version", "TLS Cipher Suites"),
		ignore(notReported, "Logging", "Use Performance Monitor", "Use Usage Advisor"),

		integratedSecurity("Integrated Security"),
		refuse("add the authority to the machine's (or name its file in SSL_CERT_FILE) and write SslMode=VerifyFull",
			"SSL CA", "CA Certificate File"),
		refuse("client certificates are not shown to MySQL; sign in with a password",
			"SSL Cert", "SSL Key", "Certificate File", "Certificate Password", "Certificate Store Location", "Certificate Thumbprint"),
		refuse("write SslMode=VerifyFull, which proves the server by its certificate", "Server RSA Public Key File"),
		refuse(windowsOnly+"; write Server=host", "Pipe Name", "Pipe", "Shared Memory Name"),
		refuse("users sign in with a password", "Server SPN"),
	}
}

// buildMySQL writes user:password@tcp(host:port)/database?parameters. Rows that an update finds and leaves as they are count
// as updated, as they do for the other databases and, by default, for ScheduleMaster's provider.
func buildMySQL(s *settings) (string, error) {
	switch {
	case len(s.servers) > 1:
		return "", errors.New("names several servers, of which MySQL's driver takes one: name a proxy before them")
	case s.user == "":
		return "", errors.New("names no user")
	case strings.ContainsRune(s.user, ':'):
		return "", errors.New("names a user with a colon, which MySQL's driver cannot send")
	}
	address := "tcp(" + s.servers[0].String() + ")"
	if s.servers[0].isSocket() {
		address = "unix(" + s.servers[0].host + ")"
	}
	program := strings.NewReplacer(",", " ", ":", " ").Replace(s.takeParam("program", applicationName))
	s.param("tls", s.takeParam("tls", "preferred"))
	s.param("timeout", s.connectTimeout.String())
	s.param("connectionAttributes", "program_name:"+program)
	s.param("charset", "utf8mb4")
	s.param("parseTime", "true")
	s.param("loc", "UTC")
	s.param("clientFoundRows", "true")
	var params []string
	for name, value := range s.params {
		params = append(params, name+"="+url.QueryEscape(value))
	}
	slices.Sort(params)
	return s.user + ":" + s.password + "@" + address + "/" + url.PathEscape(s.database) + "?" + strings.Join(params, "&"), nil
}
