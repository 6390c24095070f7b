package dsn

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Every refusal names the key and says what would be right, and none shows a value: "hush" stands wherever a part of a
// password may end up.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, provider, want string }{
		{"", "", "is empty"},
		{"hush", "", "must be a URL such as postgres://"},
		{"oracle://u:hush@h/d", "", "must begin with postgres://"},
		{"jdbc:mysql://u:hush@h/d", "", "must begin with postgres://"},
		{sampleMySQL, "oracle", "is for a provider that is not known"},
		{"postgres://u:hush@h/d", "mysql", "is a URL of another kind than the provider"},
		{"sqlite:///x.db", "mysql", "is a URL of another kind"},

		{"Server=h;Database=d;User ID=u;Password=hush", "", "could be of mysql or postgresql or sqlserver"},
		{"Server=h;Database=d;User ID=u;Password=hush;Port=1234", "", "could be of mysql or postgresql"},
		{"Server=h;Database=d;User ID=u;Password=hush;CharSet=utf8;Encrypt=true", "", "has keys that do not go together in any provider"},
		{"Server=h;Database=d;Serverr=hush;Colour=hush", "", "has keys that no provider knows: Serverr, Colour"},
		{"Server=h;Database=d;User ID=u;Max Pools=3;Size=3", "mysql", "has keys that mysql does not know: Max Pools, Size"},
		{"Server=h;Database=d;Search Path=x", "sqlserver", "has keys that sqlserver does not know: Search Path"},
		{"postgres://u:hush@h/d?poolsize=3", "", "has keys that postgresql does not know: poolsize"},
		{"Server=h;hu$h=1", "mysql", "has keys that mysql does not know: key number 2 (it does not look like one, so it is not shown)"},

		{"Database=d;User ID=u;Password=hush", "mysql", "names no server"},
		{"Server=h;User ID=u;Password=hush", "mysql", "names no database"},
		{"Server=h;Database=d;Password=hush", "mysql", "names no user"},
		{"Server=h;Database=d;Password=hush", "sqlserver", "names no user"},
		{"sqlserver://u:hush@h/d", "", "names no database"},
		{"Server=a,b;Database=d;User ID=u", "mysql", "names several servers"},
		{"Server=h;Database=d;User ID=a:b", "mysql", "names a user with a colon"},
		{"Server=h;Database=d;Username=u;SSL Certificate=/x", "postgresql", "must name both SSL Certificate and SSL Key"},
		{"Server=h;Database=d;User ID=u;Server Certificate=/x;HostNameInCertificate=y", "sqlserver", "Server Certificate or Host Name In Certificate"},

		{"Server=h;Port=hush;Database=d", "mysql", "Port must be a number from 1 to 65535"},
		{"Server=h;Port=0;Database=d", "mysql", "Port must be a number"},
		{"Server=h;Port=5432 Password=hush;Database=d", "postgresql", "Port must be a number"},
		{"Server=h Password=hush;Database=d", "mysql", "Server must be a host name or an address"},
		{"Server=h:hush;Database=d", "mysql", "Server must have a number from 1 to 65535 for the port"},
		{"Server=h,hush;Database=d", "sqlserver", "Server must have a number from 1 to 65535 for the port"},
		{`Server=np:\\h\pipe\sql\query;Database=d`, "sqlserver", "Server must be reached over TCP"},
		{`Server=(localdb)\MSSQLLocalDB;Database=d`, "sqlserver", "LocalDB exists on Windows only"},
		{"Server=h;SslMode=hush", "mysql", "SslMode must be one of disabled, none, preferred"},
		{"Server=h;SslMode=VerifyCA", "mysql", "SslMode must be one of disabled"},
		{"Server=h;Encrypt=hush", "sqlserver", "Encrypt must be one of"},
		{"Server=h;Max Pool Size=0", "mysql", "Max Pool Size must be a whole number from 1 to 10000"},
		{"Server=h;Command Timeout=0", "postgresql", "Command Timeout must be a whole number from 1 to 3600"},
		{"Server=h;Pooling=false", "postgresql", "Pooling can only be true or yes or 1: connections are always pooled"},
		{"Server=h;Integrated Security=SSPI", "sqlserver", "Integrated Security can only be false or no or 0: a service signs in with a user name and a password, so write User ID"},
		{"Server=h;Trusted_Connection=yes", "sqlserver", "Trusted_Connection can only be false"},
		{"Server=h;Integrated Security=true", "postgresql", "Integrated Security can only be false"},
		{"Server=h;AttachDBFilename=x.mdf", "sqlserver", "AttachDBFilename is not supported: attach the file on the server"},
		{"Server=h;SslCa=/x", "mysql", "SslCa is not supported: add the authority to the machine's"},
		{"Server=h;Application Intent=ReadOnly", "sqlserver", "Application Intent can only be readwrite: Carillon writes"},
		{"Server=h;Target Session Attributes=standby", "postgresql", "must be one of any, primary, readwrite"},
		{"Server=h;Authentication=Active Directory Default", "sqlserver", "Authentication can only be sqlpassword"},

		{"=hush", "mysql", "must begin with a key and ="},
		{"hush;Server=h", "mysql", "must begin with a key and ="},
		{"Server=h;Password=hu;hush", "mysql", "has something without = after the value of Password; a value that holds ;"},
		{"Server=h;Password==hush", "mysql", "has something without = after the value of Server; a value that holds ; or begins with ="},
		{"Server=h;Password='hush", "mysql", "Password begins with a quote that is never closed"},
		{`Server=h;Password="hush"hush`, "mysql", "Password has something after its closing quote; a quote inside is doubled"},
		{"Server=h;Password=hush'", "mysql", "Password ends with a quote it does not begin with"},
		{"Server=h;Password=hu\x01sh", "mysql", "Password holds a control character"},
		{"Server=h;Password='hu\x00sh'", "mysql", "Password holds a zero byte"},

		{"postgres://u:hu/sh@h/d", "", "is a URL that cannot be read; the characters / ? # @ : and %"},
		{"postgres://u:hu?sh@h/d", "", "is a URL that cannot be read"},
		{"postgres://u:hu%zzsh@h/d", "", "is a URL that cannot be read"},
		{"postgres://u:p@h/d#hush", "", "is a URL that cannot be read"},
		{"postgres://u:p@h:hush/d", "", "is a URL that cannot be read"},
		{"postgres://u:p@h/d?hush", "", "is a URL that cannot be read"},
		{"postgres://u:p@h/", "", "names no database"},
		{"postgres://u:p@/d", "", "names no server"},
		{"sqlite://data/x.db", "", "names a host; write sqlite:///path/to/file"},
		{"sqlite:///", "", "names no file"},
		{"sqlite:", "", "names no file"},
		{"sqlite:///x.db?mode=ro", "", "has parameters"},
		{"sqlite:///x%zz.db", "", "has a path that cannot be read"},
	} {
		_, err := Parse(tt.text, tt.provider)
		require.ErrorContains(t, err, tt.want, tt.text)
		require.NotContains(t, err.Error(), "hush", tt.text)
	}
}

// The rules of DbConnectionStringBuilder, each as its documentation shows it.
func TestQuoting(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a=b":              "b",
		"a= b c ":          "b c",
		`a="b;c"`:          "b;c",
		`a='b;"c"'`:        `b;"c"`,
		`a="b'c"`:          "b'c",
		`a="b""c" ;`:       `b"c`,
		"a='b''c'":         "b'c",
		"a=' b '":          " b ",
		`a=b"c`:            `b"c`,
		"a=b'c":            "b'c",
		"a=b=c":            "b=c",
		"a=b==c":           "b==c",
		`a="=b"`:           "=b",
		"a=''":             "",
		"a=":               "",
		"a='b\nc'":         "b\nc",
		"  ;; a\t= b;; ; ": "b",
	} {
		pairs, err := splitPairs(text)
		require.NoError(t, err, text)
		require.Len(t, pairs, 1, text)
		require.Equal(t, "a", pairs[0].name, text)
		require.Equal(t, want, pairs[0].value, text)
	}
	pairs, err := splitPairs("a==b=c;d e = f")
	require.NoError(t, err)
	require.Equal(t, []pair{{"a=b", "key number 1 (it does not look like one, so it is not shown)", "c"}, {"d e", "d e", "f"}}, pairs)
}

// A table that names a key twice would hide one of the two; what has no meaning here, or is refused, is so for a reason.
func TestTables(t *testing.T) {
	t.Parallel()
	for _, d := range dialects() {
		seen := map[string]bool{}
		for _, k := range d.keys {
			require.Equal(t, k.fate != honoured, k.note != "", k.names[0])
			for _, name := range k.names {
				require.False(t, seen[fold(name)], "%s: %s", d.kind, name)
				seen[fold(name)] = true
			}
		}
		for _, name := range []string{keyServer, "Database", "User ID", "Password", "Pooling", "Persist Security Info", "Command Timeout", "Max Pool Size"} {
			require.True(t, seen[fold(name)], "%s: %s", d.kind, name)
		}
	}
}
