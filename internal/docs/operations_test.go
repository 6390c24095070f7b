package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// Every alarm is explained, and what is explained is there. What it looks at is counted by somebody.
func TestAlarmsAreExplained(t *testing.T) {
	t.Parallel()
	var file struct {
		Groups []struct {
			Rules []struct{ Alert, Expr string }
		}
	}
	require.NoError(t, yaml.Unmarshal([]byte(read(t, "deploy/prometheus/alerts.yaml")), &file))
	var raised, told []string
	counted := source(t, "master/metrics")
	for _, r := range file.Groups[0].Rules {
		raised = append(raised, r.Alert)
		names := metric.FindAllString(r.Expr, -1)
		require.True(t, len(names) > 0 || strings.Contains(r.Expr, `up{job="carillon"}`), r.Alert)
		for _, name := range names {
			require.Contains(t, counted, `"`+strings.TrimSuffix(name, "_bucket")+`"`, r.Alert)
		}
	}
	for _, row := range table(t, read(t, "docs/operations.md"), "alarm", "means", "do") {
		told = append(told, strings.Trim(row[0], "`"))
	}
	require.Equal(t, raised, told)
}

// A line is logged at the level that its call is named after, or is given.
var logged = regexp.MustCompile(`\b(?:(Debug|Info|Warn|Error)(?:Context)?\(|Log(?:Attrs)?\([\w.()]+, (?:slog\.Level(\w+)|\w+), )(?:[\w.()]+, )*"([^"]+)"`)

// The log lines that are worth a look are ones that are written, at the level that is told.
func TestLogLinesAreTheOnesWritten(t *testing.T) {
	t.Parallel()
	written := map[string][]string{} // levels by message, an empty one where it is a variable
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && slices.Contains([]string{"bin", "data", ".git"}, entry.Name()) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		for _, m := range logged.FindAllStringSubmatch(string(text), -1) {
			written[m[3]] = append(written[m[3]], strings.ToLower(m[1]+m[2]))
		}
		return err
	}))
	rows := linesWorthALook(t)
	require.NotEmpty(t, rows)
	for _, row := range rows {
		message := strings.Trim(row[0], "`")
		var levels []string
		for text, at := range written {
			if strings.HasPrefix(text, message) {
				levels = append(levels, at...)
			}
		}
		require.NotEmpty(t, levels, "nobody writes %q", message)
		if !slices.Contains(levels, "") { // whose level is a variable
			require.Equal(t, []string{row[1]}, slices.Compact(slices.Sorted(slices.Values(levels))), message)
		}
	}
}

// linesWorthALook are the rows of both tables of log lines.
func linesWorthALook(t *testing.T) [][]string {
	t.Helper()
	masters, workers, found := strings.Cut(read(t, "docs/operations.md"), "\nAnd of workers:\n")
	require.True(t, found)
	head := []string{"message", "level", "means"}
	return slices.Concat(table(t, masters, head...), table(t, workers, head...))
}
