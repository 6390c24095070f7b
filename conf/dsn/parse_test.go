package dsn

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/microsoft/go-mssqldb/msdsn"
	"github.com/stretchr/testify/require"
)

// What ScheduleMaster's users have, as they have it.
const (
	sampleMySQL     = "Data Source=localhost;Database=schedule_master;User ID=root;Password=hush-1;pooling=true;CharSet=utf8mb4;port=3306;sslmode=none"
	samplePostgres  = "Server=localhost;Port=5432;Database=schedule_master;User Id=postgres;Password=hush-2;Pooling=true;MaxPoolSize=20;"
	sampleSQLServer = "Persist Security Info = False; User ID =sa; Password =hush-3; Initial Catalog =schedule_master; Server =."
)

func TestTexts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, text, provider string
		kind                 string
		want                 asked
	}{
		{"sample of MySQL", sampleMySQL, "", MySQL, asked{"localhost:3306", "root", "hush-1", "schedule_master"}},
		{"sample of Npgsql", samplePostgres, "", Postgres, asked{"localhost:5432", "postgres", "hush-2", "schedule_master"}},
		{"sample of SqlClient", sampleSQLServer, "", SQLServer, asked{"localhost:1433", "sa", "hush-3", "schedule_master"}},
		{"the provider agrees", sampleMySQL, "MySql", MySQL, asked{"localhost:3306", "root", "hush-1", "schedule_master"}},
		{"the provider decides", "Server=h;Database=d;User ID=u;Password=p", "PostgreSQL", Postgres, asked{"h:5432", "u", "p", "d"}},
		{"the provider decides otherwise", "Server=h;Database=d;User ID=u;Password=p", " SQLSERVER ", SQLServer, asked{"h:1433", "u", "p", "d"}},
		{"synonyms of MySQL", "Addr=h;UID=u;pwd=p;Initial Catalog=d;Port=1", "mysql", MySQL, asked{"h:1", "u", "p", "d"}},
		{"synonyms of Npgsql", "HOST=h;DB=d;User Name=u;PSW=p", "postgresql", Postgres, asked{"h:5432", "u", "p", "d"}},
		{"synonyms of SqlClient", "Network Address=h;Database=d;User=u;Pwd=p", "sqlserver", SQLServer, asked{"h:1433", "u", "p", "d"}},
		{"blanks and lines", "\n Server = h ;\n\tDatabase= d;User  ID =u; Password = p ;;", "mysql", MySQL, asked{"h:3306", "u", "p", "d"}},
		{"the last one counts", "Server=a;Host=b;Database=d;Username=u;Password=p;Server=c", "postgresql", Postgres, asked{"c:5432", "u", "p", "d"}},
		{"an empty value says nothing", "Server=h;Port=;Database=d;User ID=u;Password=", "mysql", MySQL, asked{"h:3306", "u", "", "d"}},
		{"a socket", "Server=/run/mysqld/mysqld.sock;Protocol=unix;Database=d;User ID=u", "mysql", MySQL, asked{"/run/mysqld/mysqld.sock", "u", "", "d"}},
		{"an IPv6 address", "Server=::1;Port=7;Database=d;User ID=u", "mysql", MySQL, asked{"[::1]:7", "u", "", "d"}},
		{"host:port", "Host=[fe80::1]:99;Database=d;Username=u", "postgresql", Postgres, asked{"[fe80::1]:99", "u", "", "d"}},
		{"host,port", "Server=db,1500;Database=d;User ID=u", "", SQLServer, asked{"db:1500", "u", "", "d"}},
		{"tcp:host,port", "Server=tcp:db.example.net,1500;Database=d;User ID=u;Encrypt=True", "", SQLServer, asked{"db.example.net:1500", "u", "", "d"}},
		{"tcp: and an IPv6 address", "Server=tcp:::1,1500;Database=d;User ID=u", "", SQLServer, asked{"[::1]:1500", "u", "", "d"}},
		{"(local)", "Server=(local);Database=d;User ID=u", "", SQLServer, asked{"localhost:1433", "u", "", "d"}},
		{"instance", `Server=.\SQLEXPRESS;Database=d;User ID=u`, "", SQLServer, asked{`localhost\SQLEXPRESS`, "u", "", "d"}},
		{"instance with a port", `Server=db\x,1500;Database=d;User ID=u`, "", SQLServer, asked{"db:1500", "u", "", "d"}},
		{"IPv6 of SQL Server", "Server=[::1],1500;Database=d;User ID=u", "", SQLServer, asked{"[::1]:1500", "u", "", "d"}},

		{"URL of Postgres", "postgres://u:p%40%2F@h/d", "", Postgres, asked{"h:5432", "u", "p@/", "d"}},
		{"URL with an @ in its password", "postgresql://u:p@p@h:1/d", "postgresql", Postgres, asked{"h:1", "u", "p@p", "d"}},
		{"URL of a socket", "postgres://u@%2Frun%2Fpostgresql/d", "", Postgres, asked{"/run/postgresql", "u", "", "d"}},
		{"URL that says it in its parameters", "postgres:///?host=h&port=1&dbname=d&user=u&password=p", "", Postgres, asked{"h:1", "u", "p", "d"}},
		{"URL of MySQL", "MYSQL://u:p@h:1/d?sslmode=none", "", MySQL, asked{"h:1", "u", "p", "d"}},
		{"URL of MariaDB", "mariadb://u@[::1]/d", "mysql", MySQL, asked{"[::1]:3306", "u", "", "d"}},
		{"URL of SQL Server", "sqlserver://u:p@h:1?database=d&app+name=x&encrypt=true", "", SQLServer, asked{"h:1", "u", "p", "d"}},
		{"URL of an instance", "sqlserver://u:p@h/inst?database=d", "", SQLServer, asked{`h\inst`, "u", "p", "d"}},
		{"URL of a file", "sqlite:///var/lib/carillon/x%25y.db", "", SQLite, asked{server: "/var/lib/carillon/x%y.db"}},
		{"URL of a file nearby", "SQLite:data/x.db", "", SQLite, asked{server: "data/x.db"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := Parse(tt.text, tt.provider)
			require.NoError(t, err)
			require.Equal(t, tt.kind, got.Kind)
			require.Equal(t, tt.want, mustAsk(t, got))
			require.Contains(t, got.String(), tt.kind)
			if tt.want.password != "" {
				require.NotContains(t, fmt.Sprintf("%s %v %+v %#v", got, got, got, got), ":"+tt.want.password)
			}
		})
	}
}

func TestSeveralServers(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"Host=a,b:7;Port=6;Database=d;Username=u;Target Session Attributes=read-write", "postgres://u@a:6,b:7/d?target_session_attrs=read-write",
	} {
		got, err := Parse(text, "postgresql")
		require.NoError(t, err)
		c, err := pgx.ParseConfig(got.DSN)
		require.NoError(t, err)
		require.Equal(t, "a", c.Host)
		require.Equal(t, uint16(6), c.Port)
		last := c.Fallbacks[len(c.Fallbacks)-1]
		require.Equal(t, "b", last.Host)
		require.Equal(t, uint16(7), last.Port)
		require.NotNil(t, c.ValidateConnect)
		require.Equal(t, "postgres u@a:6,b:7/d", got.String())
	}
}

func TestSizesAndTimes(t *testing.T) {
	t.Parallel()
	for text, kind := range map[string]string{
		"Server=h;Database=d;User ID=u;SslMode=Preferred;Maximum Pool Size=7;Default Command Timeout=9;Connection Timeout=3": MySQL,
		"Host=h;Port=5432;Database=d;Username=u;MaxPoolSize=7;Command Timeout=9;Timeout=3":                                   Postgres,
		"Server=.;Database=d;User ID=u;Max Pool Size=7;Command Timeout=9;Connect Timeout=3":                                  SQLServer,
		"mysql://u@h/d?max_pool_size=7&command_timeout=9&connect_timeout=3":                                                  MySQL,
		"postgres://u@h/d?pool_max_conns=7&command_timeout=9&connect_timeout=3":                                              Postgres,
	} {
		got, err := Parse(text, "")
		require.NoError(t, err, text)
		require.Equal(t, kind, got.Kind)
		require.Equal(t, 7, got.MaxOpen)
		require.Equal(t, 9*time.Second, got.StatementTimeout)
		require.Equal(t, 3*time.Second, dialTimeout(t, got), text)
	}
	got, err := Parse(sampleMySQL, "")
	require.NoError(t, err)
	require.Zero(t, got.MaxOpen)
	require.Zero(t, got.StatementTimeout)
	for _, text := range []string{sampleMySQL, samplePostgres, sampleSQLServer} {
		got, err := Parse(text, "")
		require.NoError(t, err)
		require.Equal(t, defaultConnectTimeout, dialTimeout(t, got), "a server that does not answer is given up")
	}
}

func dialTimeout(t *testing.T, target Target) time.Duration {
	t.Helper()
	switch target.Kind {
	case MySQL:
		c, err := mysql.ParseDSN(target.DSN)
		require.NoError(t, err)
		return c.Timeout
	case Postgres:
		c, err := pgx.ParseConfig(target.DSN)
		require.NoError(t, err)
		return c.ConnectTimeout
	}
	c, err := msdsn.Parse(target.DSN)
	require.NoError(t, err)
	return c.DialTimeout
}

// The drivers, asked how they encrypt and whether they check the certificate, say what the providers' documentation says of
// the value.
func TestEncryption(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"None": "plain", "disabled": "plain", "Preferred": "unchecked, or plain", "Required": "unchecked", "VerifyFull": "checked", "VERIFY_IDENTITY": "checked", "": "unchecked, or plain",
	} {
		got, err := Parse("Server=h;Database=d;User ID=u;SslMode="+value, "mysql")
		require.NoError(t, err, value)
		c, err := mysql.ParseDSN(got.DSN)
		require.NoError(t, err)
		says := "plain"
		if c.TLS != nil {
			says = map[bool]string{true: "unchecked", false: "checked"}[c.TLS.InsecureSkipVerify]
		}
		if c.AllowFallbackToPlaintext {
			says += ", or plain"
		}
		require.Equal(t, want, says, value)
	}
	for value, want := range map[string]string{
		"Disable": "plain", "Allow": "plain, or unchecked", "Prefer": "unchecked, or plain", "Require": "unchecked",
		"VerifyCA": "chain", "verify-full": "checked", "Verify Full": "checked",
	} {
		got, err := Parse("Host=h;Database=d;Username=u;SSL Mode="+value, "postgresql")
		require.NoError(t, err, value)
		c, err := pgx.ParseConfig(got.DSN)
		require.NoError(t, err)
		how := func(c *pgx.ConnConfig, i int) string {
			tls := c.TLSConfig
			if i > 0 {
				tls = c.Fallbacks[i-1].TLSConfig
			}
			switch {
			case tls == nil:
				return "plain"
			case tls.VerifyPeerCertificate != nil:
				return "chain"
			case tls.InsecureSkipVerify:
				return "unchecked"
			}
			return "checked"
		}
		says := how(c, 0)
		for i := range c.Fallbacks {
			says += ", or " + how(c, i+1)
		}
		require.Equal(t, want, says, value)
	}
	for text, want := range map[string]string{
		"": "sign-in, unchecked", "Encrypt=false": "sign-in, unchecked", "Encrypt=Optional;TrustServerCertificate=false": "sign-in, unchecked",
		"Encrypt=True": "all, checked", "Encrypt=yes;Trust Server Certificate=yes": "all, unchecked", "Encrypt=Mandatory;TrustServerCertificate=False": "all, checked",
		"Encrypt=Strict;HostNameInCertificate=other": "strict, checked",
	} {
		got, err := Parse("Server=h;Database=d;User ID=u;"+text, "sqlserver")
		require.NoError(t, err, text)
		c, err := msdsn.Parse(got.DSN)
		require.NoError(t, err)
		says := map[msdsn.Encryption]string{msdsn.EncryptionOff: "sign-in", msdsn.EncryptionRequired: "all", msdsn.EncryptionStrict: "strict"}[c.Encryption]
		says += map[bool]string{true: ", unchecked", false: ", checked"}[c.TLSConfig.InsecureSkipVerify]
		require.Equal(t, want, says, text)
	}
}

func TestWhatDriversAreTold(t *testing.T) {
	t.Parallel()
	got, err := Parse("Server=h;Database=d/e?f;User ID=u;Compress=true;Application Name=a,b:c", "mysql")
	require.NoError(t, err)
	c, err := mysql.ParseDSN(got.DSN)
	require.NoError(t, err)
	require.Equal(t, "d/e?f", c.DBName)
	require.Equal(t, "program_name:a b c", c.ConnectionAttributes)
	require.True(t, c.ParseTime)
	require.Equal(t, time.UTC, c.Loc)
	require.True(t, c.ClientFoundRows, "an update that changes nothing counts the row it finds, as in the other databases")
	require.Empty(t, c.Params, "nothing is left to be set as a variable of the session")

	got, err = Parse(`Host=h;Database=d;Username=u;Search Path=jobs;Application Name=x 'y' \z;Options=-c geqo=off;Channel Binding=Require;Require Auth=scram-sha-256`, "postgresql")
	require.NoError(t, err)
	p, err := pgx.ParseConfig(got.DSN)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"search_path": "jobs", "application_name": `x 'y' \z`, "options": "-c geqo=off"}, p.RuntimeParams)
	require.Equal(t, "require", p.ChannelBinding)
	require.Equal(t, "scram-sha-256", p.RequireAuth)

	got, err = Parse("Server=h;Database=d;User ID=u;App=a&b;WSID=w;Packet Size=4096;Failover Partner=o;MultiSubnetFailover=False", "sqlserver")
	require.NoError(t, err)
	s, err := msdsn.Parse(got.DSN)
	require.NoError(t, err)
	require.Equal(t, "a&b", s.AppName)
	require.Equal(t, "w", s.Workstation)
	require.Equal(t, uint16(4096), s.PacketSize)
	require.Equal(t, "o", s.FailOverPartner)
	require.False(t, s.MultiSubnetFailover)

	for _, text := range []string{sampleMySQL, samplePostgres, sampleSQLServer} {
		got, err := Parse(text, "")
		require.NoError(t, err)
		require.Contains(t, got.DSN, applicationName)
	}
}

func TestTargetsHideTheirPasswords(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		sampleMySQL, samplePostgres, sampleSQLServer, "postgres://u:hush@h/d?sslpassword=hush", "mysql://u:hush@h/d", "sqlserver://u:hush@h?database=d",
	} {
		got, err := Parse(text, "")
		require.NoError(t, err)
		require.Contains(t, got.DSN, "hush")
		var printed strings.Builder
		fmt.Fprintf(&printed, "%s %v %+v %#v %q", got, got, got, &got, got)
		asJSON, err := json.Marshal(got)
		require.NoError(t, err)
		printed.Write(asJSON)
		slog.New(slog.NewTextHandler(&printed, nil)).Info("open", "target", got)
		slog.New(slog.NewJSONHandler(&printed, nil)).Info("open", "target", &got)
		require.NotContains(t, printed.String(), "hush")
	}
	require.Equal(t, "mysql", Target{Kind: MySQL, DSN: "u:hush@/d"}.String(), "one made by hand is hidden as well")
	require.Equal(t, "sqlite data/carillon.db", File("data/carillon.db").String())
	got, err := Parse(sampleSQLServer, "")
	require.NoError(t, err)
	require.Equal(t, "sqlserver sa@localhost:1433/schedule_master", got.String())
}
