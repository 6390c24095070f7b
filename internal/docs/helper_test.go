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
)

// root is the folder of the module, seen from this package's.
const root = "../.."

func at(path string) string { return filepath.Join(root, filepath.FromSlash(path)) }

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(at(path))
	require.NoError(t, err)
	return string(content)
}

// documents are all Markdown files of the project, by their path from the root.
func documents(t *testing.T) []string {
	t.Helper()
	var found []string
	require.NoError(t, filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		path, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		if entry.IsDir() && (path == "bin" || path == "data" || entry.Name() == "node_modules" || strings.HasPrefix(entry.Name(), ".") && path != ".") {
			return filepath.SkipDir
		}
		if strings.HasSuffix(path, ".md") {
			found = append(found, filepath.ToSlash(path))
		}
		return nil
	}))
	require.Contains(t, found, "README.md")
	require.Contains(t, found, "docs/architecture.md")
	return found
}

// source is the Go source of a folder without its tests, all files after one another.
func source(t *testing.T, folder string) string {
	t.Helper()
	files, err := filepath.Glob(at(folder + "/*.go"))
	require.NoError(t, err)
	var all strings.Builder
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		all.Write(content)
	}
	require.NotEmpty(t, all.String(), folder)
	return all.String()
}

// table gives the rows of the table whose head is the cells given.
func table(t *testing.T, text string, head ...string) [][]string {
	t.Helper()
	var rows [][]string
	inside := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case !strings.HasPrefix(line, "|"):
			inside = false
		case slices.Equal(cells(line), head):
			require.Empty(t, rows, "two tables have the head %q", head)
			inside = true
		case inside && !strings.HasPrefix(line, "| ---"):
			row := cells(line)
			require.Len(t, row, len(head), line)
			rows = append(rows, row)
		}
	}
	require.NotEmpty(t, rows, "there is no table with the head %q", head)
	return rows
}

func cells(line string) []string {
	parts := strings.Split(strings.Trim(line, "|"), "|")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}

var code = regexp.MustCompile("`([^`\n]+)`")

// quoted gives what stands between backquotes in running text and tables.
func quoted(text string) []string {
	var found []string
	for _, m := range code.FindAllStringSubmatch(withoutBlocks(text), -1) {
		found = append(found, m[1])
	}
	return found
}

// block is a fenced block of code.
type block struct{ language, text string }

var fenced = regexp.MustCompile("(?s)\n```([a-z]*)\n(.*?\n)```\n")

func blocks(text string) []block {
	var found []block
	for _, m := range fenced.FindAllStringSubmatch(text, -1) {
		found = append(found, block{m[1], m[2]})
	}
	return found
}

func withoutBlocks(text string) string { return fenced.ReplaceAllString(text, "\n") }
