package ui

import (
	"go/format"
	"go/parser"
	"go/token"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

// What is shown can be run as it stands: Go is formatted code that parses, curl a line that a shell takes, and whatever
// somebody wrote into a task stays a text.
func TestSnippets(t *testing.T) {
	t.Parallel()
	d := &core.DelayedTask{SourceApp: "shop", Topic: `it's "quoted"`, ContentKey: "编号 $(id) \\", DelayedDefinition: core.DelayedDefinition{
		Callback: core.Callback{Method: "POST", URL: "https://name:word@shop.example/x", Body: `{"a":"<b>"}`, ContentType: "application/json"},
	}}
	byJSON, err := delayedCall("http://localhost:30000", d, false)
	require.NoError(t, err)
	byForm, err := delayedCall("http://localhost:30000", d, true)
	require.NoError(t, err)
	for name, call := range map[string]clientCall{
		"json": byJSON, "form": byForm, "run": taskCall("http://localhost:30000", "1", "run", false), "run by form": taskCall("http://localhost:30000", "1", "run", true),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all, err := snippets(call)
			require.NoError(t, err)
			for _, s := range all {
				require.Contains(t, s.Code, call.URL, s.Language)
				require.NotContains(t, s.Code, "name:word", "passwords in an address are not shown")
				switch s.Language {
				case "Go":
					_, err := parser.ParseFile(token.NewFileSet(), "main.go", s.Code, parser.AllErrors)
					require.NoError(t, err, s.Code)
					formatted, err := format.Source([]byte(s.Code))
					require.NoError(t, err)
					require.Equal(t, string(formatted), s.Code)
				case "curl":
					out, err := exec.CommandContext(t.Context(), "sh", "-c", "curl() { printf '%s\\n' \"$@\"; }\n"+s.Code).CombinedOutput()
					require.NoError(t, err, s.Code)
					if call.Body != "" {
						require.Contains(t, string(out), call.Body)
					}
					for _, field := range call.Data {
						require.Contains(t, strings.Split(string(out), "\n"), field.Value+"="+field.Label)
					}
				}
			}
		})
	}
}

// A callback that has a form gives it to both APIs in the way of each.
func TestClientCodeGivesTheForm(t *testing.T) {
	t.Parallel()
	d := &core.DelayedTask{SourceApp: "shop", Topic: "paid", ContentKey: "1", DelayedDefinition: core.DelayedDefinition{
		Callback: core.Callback{Method: "POST", URL: "https://shop.example/x", Form: []core.Param{{Key: "a&b", Value: "<1>"}}},
	}}
	byJSON, err := delayedCall("http://localhost:30000", d, false)
	require.NoError(t, err)
	require.JSONEq(t, `{"sourceApp":"shop","topic":"paid","contentKey":"1","delay":"1800s",
		"callback":{"method":"POST","url":"https://shop.example/x","form":[{"key":"a&b","value":"<1>"}]}}`, byJSON.Body)
	byForm, err := delayedCall("http://localhost:30000", d, true)
	require.NoError(t, err)
	require.Contains(t, byForm.Data, option{"NotifyDataType", "application/x-www-form-urlencoded"})
	require.Contains(t, byForm.Data, option{"NotifyBody", `[{"ParamKey":"a&b","ParamValue":"<1>"}]`})
}
