package docs_test

import (
	"go/format"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

// Both READMEs say the same: the same headings in depth and order, the same code to the letter, the same tables in size, and
// links to the same places but for each other.
func TestREADMEsAreOneText(t *testing.T) {
	t.Parallel()
	english, chinese := read(t, "README.md"), read(t, "README.zh-CN.md")
	require.Equal(t, outline(english), outline(chinese))
	require.Equal(t, blocks(english), blocks(chinese))
	require.Equal(t, strings.Count(english, "\n|"), strings.Count(chinese, "\n|"), "rows of tables")

	ofEnglish, ofChinese := links(english), links(chinese)
	require.Equal(t, "README.zh-CN.md", ofEnglish[0])
	require.Equal(t, "README.md", ofChinese[0])
	for i, link := range ofChinese {
		ofChinese[i] = strings.Replace(link, "-zh.webp", "-en.webp", 1) // a picture shows the reader's language
	}
	require.ElementsMatch(t, ofEnglish[1:], ofChinese[1:])
}

// outline is the depths of a document's headings.
func outline(text string) []string {
	var depths []string
	for _, m := range heading.FindAllStringSubmatch(withoutBlocks(text), -1) {
		depths = append(depths, m[1])
	}
	return depths
}

var makeTarget = regexp.MustCompile("(?m)(?:^|`)make ([a-z-]+)")

func TestMakeTargetsExist(t *testing.T) {
	t.Parallel()
	makefile := read(t, "Makefile")
	for _, doc := range documents(t) {
		for _, m := range makeTarget.FindAllStringSubmatch(read(t, doc), -1) {
			require.Contains(t, makefile, "\n"+m[1]+":", "%s says make %s", doc, m[1])
		}
	}
	require.Contains(t, read(t, "README.md"), "```sh\nmake run\nmake test\n```")
}

// The worked example of the secret is right, and so is the shell's way to it.
func TestSecretOfTheREADME(t *testing.T) {
	t.Parallel()
	readme := read(t, "README.md")
	secret := core.APISecret("admin", "correct horse")
	require.Contains(t, readme, "For `admin` and `correct horse` it is\n`"+secret+"`")

	recipe := regexp.MustCompile(`(?m)^md5\(\) \{.*\nSECRET=.*$`).FindString(readme)
	require.NotEmpty(t, recipe)
	out, err := exec.CommandContext(t.Context(), "sh", "-c", "NAME=admin PASSWORD='correct horse'\n"+recipe+"\nprintf %s $SECRET").CombinedOutput()
	require.NoError(t, err, string(out))
	require.Equal(t, secret, string(out))
}

var hereDocument = regexp.MustCompile(`(?s)<<'END'\n(.*?\n)END\n`)

// Go in the READMEs is Go, as gofmt writes it.
func TestGoOfTheREADME(t *testing.T) {
	t.Parallel()
	all := blocks(read(t, "README.md"))
	var programs []string
	for _, b := range all {
		if b.language == "go" {
			programs = append(programs, "package p\n\n"+b.text)
		}
		for _, m := range hereDocument.FindAllStringSubmatch(b.text, -1) {
			programs = append(programs, m[1])
		}
	}
	require.Len(t, programs, 2)
	for _, program := range programs {
		formatted, err := format.Source([]byte(program))
		require.NoError(t, err, program)
		require.Equal(t, program, string(formatted))
	}
}

// Every header that a target sees is told of, in the spelling of the package that sends it, and no other.
func TestHeadersOfTheREADME(t *testing.T) {
	t.Parallel()
	sent := regexp.MustCompile(`(?m)^\theader[A-Za-z]+ += "([A-Za-z-]+)"`).FindAllStringSubmatch(source(t, "worker/callback"), -1)
	require.NotEmpty(t, sent)
	var told []string
	for _, row := range table(t, read(t, "README.md"), "header", "says") {
		told = append(told, quoted(row[0])...)
	}
	for _, m := range sent {
		require.True(t, slices.ContainsFunc(told, func(name string) bool { return strings.EqualFold(name, m[1]) }), m[1])
	}
	require.Len(t, told, len(sent))
}
