package docs_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	pluginyaml "github.com/carillonhq/carillon/plugins/manifest"
	"github.com/carillonhq/carillon/plugins/sdk"
	"github.com/carillonhq/carillon/plugins/sdk/handshake"
)

func TestKeysOfPluginYAML(t *testing.T) {
	t.Parallel()
	doc := read(t, "docs/plugins.md")
	for head, of := range map[string]reflect.Type{
		"key":               reflect.TypeFor[pluginyaml.Manifest](),
		"key of a task":     reflect.TypeFor[pluginyaml.Task](),
		"key of the limits": reflect.TypeFor[pluginyaml.Limits](),
	} {
		var known, told []string
		for field := range of.Fields() {
			if key, _, _ := strings.Cut(field.Tag.Get("yaml"), ","); key != "" {
				known = append(known, key)
			}
		}
		for _, row := range table(t, doc, head, "meaning") {
			told = append(told, strings.Trim(row[0], "`"))
		}
		require.Equal(t, known, told, head)
	}
}

func TestWhatARunOfAPluginHas(t *testing.T) {
	t.Parallel()
	var known, told []string
	run := reflect.TypeFor[*sdk.Run]()
	for field := range run.Elem().Fields() {
		if field.IsExported() {
			known = append(known, field.Name)
		}
	}
	for method := range run.Methods() {
		known = append(known, method.Name)
	}
	for _, row := range table(t, read(t, "docs/plugins.md"), "of a run", "what it is") {
		told = append(told, quoted(row[0])...)
	}
	require.ElementsMatch(t, known, told)
}

func TestHandshakeOfPlugins(t *testing.T) {
	t.Parallel()
	require.Contains(t, read(t, "plugins/sdk/proto/README.md"), "| `"+handshake.CookieKey+"` | `"+handshake.CookieValue+"`")
}
