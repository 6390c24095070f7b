package dsn

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The tables of docs/databases.md are those of the code, row by row.
func TestDocumentShowsTheTables(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("../../docs/databases.md")
	require.NoError(t, err)
	text := string(content)
	for heading, d := range map[string]dialect{"MySQL and MariaDB": mysqlDialect(), "PostgreSQL": postgresDialect(), "SQL Server": sqlServerDialect()} {
		_, section, found := strings.Cut(text, "\n### "+heading+"\n")
		require.True(t, found, heading)
		section, _, _ = strings.Cut(section, "\n#")
		require.Contains(t, section, "| key | what becomes of it |\n| --- | --- |\n"+rows(d), heading)
	}
}

// rows writes a table of keys as the document has it.
func rows(d dialect) string {
	var b strings.Builder
	for _, k := range d.keys {
		b.WriteString("| `" + strings.Join(k.names, "`, `") + "` | " + string(k.fate))
		if k.note != "" {
			b.WriteString(": " + k.note)
		}
		b.WriteString(" |\n")
	}
	return b.String()
}
