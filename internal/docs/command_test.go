package docs_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/conf"
)

var (
	command = regexp.MustCompile("(?m)(?:^|[`$ ])carillon ([a-z][a-z-]*)(?: ([a-z]+))?")
	flag    = regexp.MustCompile("[` ]--([a-z][a-z-]*)")
)

// The subcommands that the documents name are those of the binary, and the READMEs name them all.
func TestCommandsExist(t *testing.T) {
	t.Parallel()
	known := commands(t)
	for _, doc := range documents(t) {
		for _, text := range commandTexts(read(t, doc)) {
			for _, m := range command.FindAllStringSubmatch(text, -1) {
				require.Contains(t, known, m[1], "%s says %q", doc, m[0])
			}
		}
	}
	readme := read(t, "README.md")
	for _, name := range []string{
		"serve", "master", "worker", "user add", "join-token", "certs", "migrate up", "migrate status", "import schedulemaster", "cron next", "bench", "version",
	} {
		require.Contains(t, readme, "`carillon "+name)
	}
}

// commandTexts gives the parts of a document that may hold a command: quoted code, and blocks of a shell.
func commandTexts(text string) []string {
	texts := quoted(text)
	for _, b := range blocks(text) {
		if b.language == "sh" || b.language == "console" {
			texts = append(texts, b.text)
		}
	}
	return texts
}

// commands gives the names of the subcommands, which stand at the beginning of their Use or of a call that makes them.
func commands(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, m := range regexp.MustCompile(`(?:Use: +|conf\.Role\w+, |userAction\()"([a-z-]+)`).FindAllStringSubmatch(source(t, "cmd/carillon"), -1) {
		names = append(names, m[1])
	}
	require.Contains(t, names, "serve")
	require.Contains(t, names, "cron")
	return names
}

func TestFlagsExist(t *testing.T) {
	t.Parallel()
	known := pflag.NewFlagSet("", pflag.ContinueOnError)
	for _, role := range []conf.Role{conf.RoleServe, conf.RoleWorker, conf.RoleAdmin} {
		flags := pflag.NewFlagSet("", pflag.ContinueOnError)
		conf.Flags(flags, role)
		flags.VisitAll(func(f *pflag.Flag) {
			if known.Lookup(f.Name) == nil {
				known.AddFlag(f)
			}
		})
	}
	own := source(t, "cmd/carillon")
	for _, doc := range documents(t) {
		for line := range strings.Lines(strings.Join(commandTexts(read(t, doc)), "\n")) {
			if !command.MatchString(line) && !strings.HasPrefix(line, "--") {
				continue // another program's
			}
			for _, m := range flag.FindAllStringSubmatch(" "+line, -1) {
				require.True(t, known.Lookup(m[1]) != nil || strings.Contains(own, `"`+m[1]+`"`), "%s says --%s", doc, m[1])
			}
		}
	}
}
