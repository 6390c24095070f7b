package callback

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/carillonhq/carillon/core"
)

func TestContextHeaders(t *testing.T) {
	t.Parallel()
	s := newTarget(t, say(200, ""))
	client := newClient(t, Options{UserAgent: "Carillon/1.2"})
	client.Do(t.Context(), newCall(s.URL))
	h := s.last(t).header
	for name, want := range map[string]string{
		headerIdempotencyKey: occurrenceID,
		headerRunID:          runID,
		headerAttempt:        "2",
		headerDue:            "2026-03-01T08:30:00.25Z",
		headerTrigger:        "schedule",
		headerTaskID:         taskID,
		headerTraceparent:    "00-0199f0a1a0008abc8def0123456789ab-9f00112233445566-01",
		"User-Agent":         "Carillon/1.2",
		"Content-Type":       "application/json",
	} {
		require.Equal(t, http.CanonicalHeaderKey(name), name)
		require.Equal(t, []string{want}, h[name], name)
	}
	require.NotContains(t, h, headerDelayedID)
	require.NotContains(t, h, headerParentResult)
	require.NotContains(t, h, headerWebhookSignature)

	call := newCall(s.URL)
	call.TaskID, call.DelayedID, call.OccurrenceID = "", "d-1", ""
	client.Do(t.Context(), call)
	h = s.last(t).header
	require.Equal(t, []string{"d-1"}, h[headerDelayedID])
	require.NotContains(t, h, headerTaskID)
	require.Equal(t, []string{runID}, h[headerIdempotencyKey])
}

func TestUserHeaders(t *testing.T) {
	t.Parallel()
	s := newTarget(t, say(200, ""))
	call := newCall(s.URL)
	call.Callback.Headers = []core.Header{
		{Name: "X-One", Value: "1"}, {Name: "x-one", Value: "2"}, {Name: "ms_auth_user", Value: "名"},
		{Name: "content-type", Value: "text/xml"}, {Name: "USER-AGENT", Value: "mine"}, {Name: "host", Value: "shop.example"},
		{Name: "idempotency-key", Value: "theirs"}, {Name: "carillon-run-id", Value: "theirs"}, {Name: "Carillon-Parent-Result", Value: "theirs"},
		{Name: "traceparent", Value: "theirs"}, {Name: "sm-Timeout", Value: "3"}, {Name: "Webhook-Id", Value: "theirs"},
		{Name: "Content-Length", Value: "999"}, {Name: "Transfer-Encoding", Value: "chunked"}, {Name: "Connection", Value: "upgrade"}, {Name: "Upgrade", Value: "x"},
	}
	out := newClient(t, Options{}).Do(t.Context(), call)
	require.Equal(t, core.RunSucceeded, out.State, out.Result.Reason)
	got := s.last(t)
	require.Equal(t, []string{"1", "2"}, got.header["X-One"])
	require.Equal(t, []string{"名"}, got.header["Ms_auth_user"])
	require.Equal(t, []string{"text/xml"}, got.header["Content-Type"])
	require.Equal(t, []string{"mine"}, got.header["User-Agent"])
	require.Equal(t, "shop.example", got.host)
	require.Equal(t, []string{occurrenceID}, got.header[headerIdempotencyKey])
	require.Equal(t, []string{runID}, got.header[headerRunID])
	require.Equal(t, []string{"theirs"}, got.header[headerWebhookID], "only a signed request has its own")
	require.NotEqual(t, []string{"theirs"}, got.header[headerTraceparent])
	require.Equal(t, `{"a":1}`, got.body)
	for _, name := range []string{headerParentResult, timeoutHeader, "Connection", "Upgrade"} {
		require.NotContains(t, got.header, name)
	}
}

func TestParentResultHeader(t *testing.T) {
	t.Parallel()
	s := newTarget(t, say(200, ""))
	client := newClient(t, Options{})
	for name, c := range map[string]struct{ result, want string }{
		"JSON":             {`{"id": 7, "ok": true}`, `{"id": 7, "ok": true}`},
		"nothing":          {"", ""},
		"lines":            {"a\r\nb\x00\t%", "a%0D%0Ab%00%09%25"},
		"outside ASCII":    {"名", "%E5%90%8D"},
		"blanks":           {" a b ", "%20a b%20"},
		"only a blank":     {" ", "%20"},
		"not UTF-8":        {"\xff\xfe", "%FF%FE"},
		"too long":         {strings.Repeat("x", 5000), strings.Repeat("x", core.MaxParentResult)},
		"cut at character": {strings.Repeat("x", core.MaxParentResult-5) + "名", strings.Repeat("x", core.MaxParentResult-5)},
	} {
		call := newCall(s.URL)
		call.HasParent, call.ParentResult = true, []byte(c.result)
		require.Equal(t, core.RunSucceeded, client.Do(t.Context(), call).State)
		require.Equal(t, []string{c.want}, s.last(t).header[headerParentResult], name)
	}
}

func TestEncodeResultCanBeDecoded(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		result := rapid.SliceOfN(rapid.Byte(), 0, 3000).Draw(t, "result")
		encoded := encodeResult(result)
		if !headerSafe(encoded) || len(encoded) > core.MaxParentResult || strings.TrimSpace(encoded) != encoded {
			t.Fatalf("%q is no header value", encoded)
		}
		decoded, err := url.PathUnescape(encoded)
		if err != nil || !strings.HasPrefix(string(result), decoded) {
			t.Fatalf("%q does not decode", encoded)
		}
		if len(encoded) < core.MaxParentResult-12 && decoded != string(result) && strings.TrimRight(string(result), " ") != decoded {
			t.Fatalf("%q was cut without need", encoded)
		}
	})
}

func TestTraceparent(t *testing.T) {
	t.Parallel()
	valid := regexp.MustCompile(`^00-[0-9a-f]{32}-[0-9a-f]{16}-01$`)
	for _, id := range []string{runID, strings.ToUpper(runID), "", "x", runID + "0", "00000000-0000-0000-0000-000000000000", "11111111-1111-1111-0000-000000000000"} {
		got := traceparent(id, id)
		require.Regexp(t, valid, got)
		require.NotContains(t, got, "-00000000000000000000000000000000-", id)
		require.NotContains(t, got, "-0000000000000000-", id)
	}
}
