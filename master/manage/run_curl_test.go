package manage

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func TestCurl(t *testing.T) {
	t.Parallel()
	viewer := &core.User{Name: "vera", Role: core.RoleViewer}
	cb := &core.Callback{
		Method: "POST", URL: "https://key:word@shop.example/close?id={{parent.result}}", ContentType: "application/json", Body: `{"it's":"$(rm) \"x\""}`,
		Headers: []core.Header{{Name: "Authorization", Value: "Bearer of secrets"}, {Name: "X-Empty"}}, Secret: "whsec_abcdefgh",
	}
	r := &core.Run{OccurrenceID: "o1"}
	seen := curlOf(cb.MaskedFor(&core.User{Role: core.RoleDeveloper}), r, false)
	require.Contains(t, seen.Command, "Bearer of secrets")
	require.NotContains(t, seen.Command, "whsec")
	require.Equal(t, [3]bool{false, true, true}, [3]bool{seen.Masked, seen.Unsigned, seen.Unfilled})

	hidden := curlOf(cb.MaskedFor(viewer), r, true)
	require.True(t, hidden.Masked)
	require.NotContains(t, hidden.Command, "secrets")
	require.NotContains(t, hidden.Command, "word")

	// As it was sent: filled in, and with the credentials that a record leaves out.
	r.Result.Request = "POST https://key:xxxxx@shop.example/close?id=7"
	seen = curlOf(cb, r, false)
	require.Contains(t, seen.Command, "'https://key:word@shop.example/close?id=7'")
	require.False(t, seen.Unfilled)
	require.Contains(t, curlOf(cb.MaskedFor(viewer), r, true).Command, "'https://***@shop.example/close?id=7'")

	get := &core.Callback{Method: "GET", URL: "http://a.example/", Form: []core.Param{{Key: "q", Value: "a b"}}}
	require.Contains(t, curlOf(get, &core.Run{}, false).Command, "--get \\\n  --data-urlencode 'q=a b'")
	called := &core.Run{Result: core.Result{Request: "GET http://a.example/?q=a+b"}}
	require.NotContains(t, curlOf(get, called, false).Command, "--data", "the URL has it already")
}

// A shell hands curl each word as it is, whatever stands in it.
func TestCurlIsQuotedForAShell(t *testing.T) {
	t.Parallel()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no shell")
	}
	body := "it's \"$HOME\" `id` $(id) \\ \n !x * ~ # ; & | < > {a,b}"
	cb := &core.Callback{Method: "POST", URL: "http://a.example/[1-3]{x}", ContentType: "text/plain", Body: body, Redirects: -1}
	script := "curl() { for w in \"$@\"; do printf '%s\\0' \"$w\"; done; }\n" + curlOf(cb, &core.Run{OccurrenceID: "o"}, false).Command
	out, err := exec.CommandContext(t.Context(), sh, "-c", script).Output() // #nosec G204 -- the words under test
	require.NoError(t, err)
	require.Equal(t, []string{"--request", "POST", "--globoff", "http://a.example/[1-3]{x}", "--header", "Content-Type: text/plain",
		"--header", "Idempotency-Key: o", "--data-raw", body, ""}, strings.Split(string(out), "\x00"))
}
