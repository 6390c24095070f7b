package dsn

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// quoteValue writes a value as .NET's DbConnectionStringBuilder does when it must quote.
func quoteValue(v string) string { return `"` + strings.ReplaceAll(v, `"`, `""`) + `"` }

// Whatever a password, a user and a database are called, the driver gets them as they are, from a connection string and
// from a URL; and nothing that is printed shows the password.
func TestAnyNameReachesTheDriver(t *testing.T) {
	t.Parallel()
	anyText := rapid.StringMatching(`[^\x00:]{1,20}`)
	rapid.Check(t, func(t *rapid.T) {
		d := rapid.SampledFrom(dialects()).Draw(t, "dialect")
		want := asked{"h:" + d.port, anyText.Draw(t, "user"), "hush" + rapid.StringMatching(`[^\x00]{1,20}`).Draw(t, "password"), anyText.Draw(t, "database")}

		ado := "Server=h;User ID=" + quoteValue(want.user) + ";Password=" + quoteValue(want.password) + ";Database=" + quoteValue(want.database)
		got, err := Parse(ado, d.provider)
		require.NoError(t, err)
		answer, err := ask(got)
		require.NoError(t, err)
		require.Equal(t, want, answer)

		u := d.schemes[0] + "://" + url.QueryEscape(want.user) + ":" + strings.ReplaceAll(url.QueryEscape(want.password), "+", "%20") + "@h/"
		u = strings.Replace(u, url.QueryEscape(want.user), strings.ReplaceAll(url.QueryEscape(want.user), "+", "%20"), 1)
		fromURL, err := Parse(u+"?Database="+url.QueryEscape(want.database), "")
		require.NoError(t, err)
		answer, err = ask(fromURL)
		require.NoError(t, err)
		require.Equal(t, want, answer)
		require.Equal(t, got.String(), fromURL.String())
		if !strings.Contains(want.user+want.database, "hush") {
			require.NotContains(t, got.String(), "hush")
		}
	})
}

// No text makes Parse panic. What it accepts the driver accepts, but for files that a driver wants to read at once; and
// neither the target nor an error shows the password that stands in the text.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		sampleMySQL, samplePostgres, sampleSQLServer, "postgres://u:p@h:1,[::1]:2/d?sslmode=verify-full&x=y", "sqlserver://u:p@h/i?database=d",
		"mysql://u@%2Frun%2Fx.sock/d", "sqlite:///x.db", `a="b";c='d'';';e==f=g`, "Server=tcp:h\\i,1;Encrypt=strict",
	} {
		for _, provider := range []string{"", "mysql", "postgresql", "sqlserver"} {
			f.Add(text, provider, "p;'\"=@/%")
		}
	}
	f.Fuzz(func(t *testing.T, text, provider, password string) {
		if target, err := Parse(text, provider); err == nil {
			require.NotEmpty(t, target.DSN)
			if _, err := ask(target); err != nil && !strings.Contains(strings.ToLower(text), "cert") && !readsFiles(text) {
				t.Fatalf("%q: the driver refuses %q: %s", text, target.DSN, err)
			}
		}
		const mark = "!hush!" // which no key, no scheme and no message has
		if strings.Contains(text+provider, "hush") || strings.ContainsRune(password, 0) {
			return
		}
		for _, whole := range []string{
			"Password=" + quoteValue(mark+password) + ";" + text,
			"postgres://u:" + url.PathEscape(password+mark) + "@" + text, "mysql://u:" + mark + "@" + text,
		} {
			target, err := Parse(whole, provider)
			if err != nil {
				require.NotContains(t, err.Error(), mark)
				continue
			}
			require.NotContains(t, target.String(), mark)
		}
	})
}

// readsFiles reports whether a text has the driver of PostgreSQL look into files or hold its values against its lists.
func readsFiles(text string) bool {
	folded := fold(text)
	for _, name := range []string{"sslkey", "require", "options", "sslpassword", "passfile", "negotiation"} {
		if strings.Contains(folded, name) {
			return true
		}
	}
	return false
}
