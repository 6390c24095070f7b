package ui

import (
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
)

// awkward is what somebody may have written into a delayed task, and what a shell, a compiler or a format may take for its own.
const awkward = `it's "quoted" \ \n \\u0041 ''' """ ${HOME} $(id) ` + "`id`" + ` %d %s %% {0} {{.}} #{x} ~ ! * <b>&amp;</b> a=b&c;d|e @file + 编号 👨‍👩‍👧` +
	" line\nbreak\r\ttab \b\f\v \x01 \x7f \u0085 \u00a0 \u2028 \ufeff end\\"

// toolchain turns the code of a language into commands, the last of which makes the call.
type toolchain struct {
	language, needed string   // needed is what CARILLON_TEST_REQUIRED calls it
	tools            []string // all must be in the path
	hint             string
	files            map[string]string // beside the code
	file             string            // which holds the code
	commands         [][]string
}

func toolchains() []toolchain {
	return []toolchain{
		{
			language: "curl", needed: "curl", tools: []string{"bash", "curl"}, hint: "apt install curl",
			file: "call.sh", commands: [][]string{{"bash", "-n", "call.sh"}, {"bash", "call.sh"}},
		},
		{
			language: "Go", needed: "go", tools: []string{"go"}, hint: "install Go",
			file: "main.go", files: map[string]string{"go.mod": "module call\n\ngo 1.21\n"},
			commands: [][]string{{"go", "vet", "."}, {"go", "build", "-o", "call", "."}, {"./call"}},
		},
		{
			language: "Python", needed: "python", tools: []string{"python3"}, hint: "apt install python3",
			file: "call.py", commands: [][]string{{"python3", "-m", "py_compile", "call.py"}, {"python3", "-W", "error", "call.py"}},
		},
		{
			language: "Java", needed: "java", tools: []string{"javac", "java"}, hint: "apt install default-jdk-headless",
			file: "Call.java", commands: [][]string{{"javac", "-encoding", "UTF-8", "-Xlint:all", "-Werror", "Call.java"}, {"java", "-Xshare:auto", "Call"}},
		},
		{
			// Mono's compiler knows no Main that is async, as all others have for years: one beside it calls it.
			language: "C#", needed: "mono", tools: []string{"mcs", "mono"}, hint: "apt install mono-mcs libmono-system-net-http4.0-cil",
			file: "Call.cs", files: map[string]string{"Entry.cs": `using System.Reflection;
using System.Threading.Tasks;
static class Entry
{
    static void Main()
    {
        var call = (Task)typeof(Call).GetMethod("Main", BindingFlags.Static | BindingFlags.NonPublic).Invoke(null, null);
        call.GetAwaiter().GetResult();
    }
}`},
			commands: [][]string{{"mcs", "-nologo", "-codepage:utf8", "-main:Entry", "-out:call.exe", "-r:System.Net.Http", "Call.cs", "Entry.cs"}, {"mono", "call.exe"}},
		},
	}
}

// The code of every language is compiled and run as it is shown, and what arrives is what was meant, whatever stands in the
// delayed task that it makes.
func TestSnippetsRun(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("compiles and runs programs: run without -short")
	}
	for _, tools := range toolchains() {
		t.Run(tools.language, func(t *testing.T) {
			t.Parallel()
			for _, tool := range tools.tools {
				if _, err := exec.LookPath(tool); err != nil {
					require.False(t, testdb.Required(tools.needed), "there is no %s: %s", tool, tools.hint)
					t.Skipf("there is no %s: %s", tool, tools.hint)
				}
			}
			for _, name := range []string{"a delayed task", "a delayed task by form", "a task", "a task by form"} {
				t.Run(name, func(t *testing.T) { tools.check(t, name) })
			}
		})
	}
}

// arrived is what a server was sent.
type arrived struct {
	method, path string
	header       http.Header
	body         string
}

func (tools toolchain) check(t *testing.T, name string) {
	t.Helper()
	requests := make(chan arrived, 10)
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		requests <- arrived{r.Method, r.URL.Path, r.Header, string(body)}
		_, _ = io.WriteString(w, `{"Success":true}`)
	}))
	t.Cleanup(target.Close)
	call, path := awkwardCall(t, target.URL, name)

	out := tools.run(t, call)
	require.Contains(t, out, `{"Success":true}`, "what was answered is printed")
	require.Len(t, requests, 1)
	got := <-requests
	require.Equal(t, http.MethodPost, got.method)
	require.Equal(t, path, got.path)
	media, _, err := mime.ParseMediaType(got.header.Get("Content-Type"))
	switch {
	case call.Form:
		require.NoError(t, err)
		require.Equal(t, "application/x-www-form-urlencoded", media)
		require.Equal(t, []string{"somebody"}, got.header["Ms_auth_user"])
		require.Equal(t, []string{"0cc175b9c0f1b6a831c399e269772661"}, got.header["Ms_auth_secret"])
		want := url.Values{}
		for _, field := range call.Data {
			want.Add(field.Value, field.Label)
		}
		sent, err := url.ParseQuery(got.body)
		require.NoError(t, err)
		require.Equal(t, want, sent)
	default:
		require.Equal(t, []string{"Bearer carillon_token"}, got.header["Authorization"])
		require.Equal(t, call.Body, got.body)
		if call.Body != "" {
			require.NoError(t, err)
			require.Equal(t, "application/json", media)
		}
	}
}

// awkwardCall is a call with texts that are easily misread, and the path that it goes to.
func awkwardCall(t *testing.T, base, name string) (call clientCall, path string) {
	t.Helper()
	d := &core.DelayedTask{SourceApp: awkward, Topic: "@" + awkward, ContentKey: "", DelayedDefinition: core.DelayedDefinition{
		Executors: []string{"worker 1", "worker+2"},
		Callback: core.Callback{
			Method: "PUT", URL: `https://shop.example/订单?q='"&n=1%202`, Body: `{"a":"` + "\\n" + awkward + `"}`, ContentType: "application/json",
			Success: core.SuccessRule{Contains: awkward},
		},
	}}
	const id = "01a1fde3-3f09-7392-b983-ab57af3a4dc1"
	var err error
	switch name {
	case "a delayed task":
		path = "/api/v1/delayed-tasks"
		call, err = delayedCall(base, d, false)
	case "a delayed task by form":
		path = "/api/delaytask/create"
		call, err = delayedCall(base, d, true)
	case "a task":
		path = "/api/v1/tasks/" + id + "/run"
		call = taskCall(base, id, "run", false)
	default:
		path = "/api/task/runonce"
		call = taskCall(base, id, "run", true)
	}
	require.NoError(t, err)
	return call, path
}

// run makes a call by its code, and gives what that printed.
func (tools toolchain) run(t *testing.T, call clientCall) string {
	t.Helper()
	all, err := snippets(call)
	require.NoError(t, err)
	code := ""
	for _, s := range all {
		if s.Language == tools.language {
			code = s.Code
		}
	}
	require.NotEmpty(t, code, "there is no code for %s", tools.language)
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, tools.file), []byte(code), 0o600))
	for name, content := range tools.files {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600))
	}
	var out []byte
	for _, args := range tools.commands {
		cmd := exec.CommandContext(t.Context(), args[0], args[1:]...) // #nosec G204 -- from the table above
		cmd.Dir = folder
		cmd.Env = append(os.Environ(), "CARILLON_USER=somebody", "CARILLON_SECRET=0cc175b9c0f1b6a831c399e269772661", "CARILLON_TOKEN=carillon_token",
			"NO_PROXY=*", "no_proxy=*", "GOWORK=off", "GOTOOLCHAIN=local")
		out, err = cmd.CombinedOutput()
		require.NoError(t, err, "%s\n%s\n%s", strings.Join(args, " "), out, code)
	}
	return string(out)
}

// Every language that code is shown in is run.
func TestEveryLanguageIsRun(t *testing.T) {
	t.Parallel()
	var shown, run []string
	for _, s := range languages() {
		shown = append(shown, s.Language)
	}
	for _, tools := range toolchains() {
		run = append(run, tools.language)
	}
	require.ElementsMatch(t, shown, run)
}
