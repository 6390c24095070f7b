package docs_test

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	fileName    = regexp.MustCompile(`^[\w.<>-]+(/[\w.<>-]+)*\.(go|sql|proto|yaml|md)$`)
	testName    = regexp.MustCompile(`^([a-z0-9]+(?:/[a-z0-9]+)*)/((?:Test|Fuzz)\w+)$`)
	placeholder = regexp.MustCompile(`<\w+>`)
)

// A file that a document names exists, seen from the root or from the document; one with a <placeholder> is matched by some
// file. One of a plugin's is one that `carillon plugin init` writes.
func TestFilesThatAreNamedExist(t *testing.T) {
	t.Parallel()
	for _, doc := range documents(t) {
		for _, name := range quoted(read(t, doc)) {
			if !fileName.MatchString(name) {
				continue
			}
			name = placeholder.ReplaceAllString(name, "*")
			var found []string
			for _, place := range []string{name, path.Join(path.Dir(doc), name), path.Join("plugins/scaffold/templates/*", name+".tmpl")} {
				files, err := filepath.Glob(at(place))
				require.NoError(t, err)
				found = append(found, files...)
			}
			require.NotEmpty(t, found, "%s names %s", doc, name)
		}
	}
}

func TestEveryKindOfChangeNamesItsFiles(t *testing.T) {
	t.Parallel()
	for _, row := range table(t, read(t, "docs/changes.md"), "change", "files") {
		files := 0
		for _, name := range quoted(row[1]) {
			if fileName.MatchString(name) {
				files++
			}
		}
		require.Positive(t, files, row[0])
	}
}

// A test that a document names as folder/TestName is there.
func TestTestsThatAreNamedExist(t *testing.T) {
	t.Parallel()
	named := 0
	for _, doc := range documents(t) {
		for _, name := range quoted(read(t, doc)) {
			m := testName.FindStringSubmatch(name)
			if m == nil {
				continue
			}
			named++
			require.Contains(t, tests(t, m[1]), "func "+m[2]+"(", "%s names %s", doc, name)
		}
	}
	require.Greater(t, named, 20)
}

// Every invariant says where it is kept and which tests show it.
func TestEveryInvariantIsKeptAndShown(t *testing.T) {
	t.Parallel()
	rows := table(t, read(t, "docs/architecture.md"), "", "invariant", "kept by", "shown by")
	require.Len(t, rows, 10)
	for _, row := range rows {
		require.Contains(t, row[2], ".go`", row[1])
		require.Regexp(t, "`[a-z0-9/]+/Test", row[3], row[1])
	}
}

// tests is the source of a folder's tests.
func tests(t *testing.T, folder string) string {
	t.Helper()
	files, err := filepath.Glob(at(path.Join(folder, "*_test.go")))
	require.NoError(t, err)
	var all strings.Builder
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		all.Write(content)
	}
	return all.String()
}
