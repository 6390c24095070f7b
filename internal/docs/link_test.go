package docs_test

import (
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^(#+) (.+)$`)
)

// links gives the targets of a document's links.
func links(text string) []string {
	var found []string
	for _, m := range link.FindAllStringSubmatch(withoutBlocks(text), -1) {
		found = append(found, m[1])
	}
	return found
}

func isOutside(target string) bool { return strings.Contains(target, "://") }

// A link within the project leads to a file that exists, and to a heading of it when it names one.
func TestLinksResolve(t *testing.T) {
	t.Parallel()
	for _, doc := range documents(t) {
		for _, target := range links(read(t, doc)) {
			if isOutside(target) {
				continue
			}
			name, anchor, _ := strings.Cut(target, "#")
			file := doc
			if name != "" {
				file = path.Join(path.Dir(doc), name)
			}
			_, err := os.Stat(at(file))
			require.NoError(t, err, "%s links to %s", doc, target)
			if anchor != "" {
				require.Contains(t, anchors(read(t, file)), anchor, "%s links to %s", doc, target)
			}
		}
	}
}

// anchors gives the anchors that GitHub makes of headings: lower case, spaces as dashes, without punctuation.
func anchors(text string) []string {
	var found []string
	for _, m := range heading.FindAllStringSubmatch(withoutBlocks(text), -1) {
		found = append(found, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, m[2]))
	}
	return found
}

// Every document can be reached from the README.
func TestEveryDocumentIsLinked(t *testing.T) {
	t.Parallel()
	linked := links(read(t, "README.md"))
	for _, doc := range documents(t) {
		if strings.HasPrefix(doc, "docs/") {
			require.True(t, slices.Contains(linked, doc), "README.md does not link to %s", doc)
		}
	}
}
