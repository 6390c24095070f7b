package callback

import (
	"encoding/base64"
	"io"
	"net/http"
	"testing"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func TestSignature(t *testing.T) {
	t.Parallel()
	encoded := "whsec_" + base64.StdEncoding.EncodeToString([]byte("0123456789abcdef01234567"))
	verifiers := map[string]func() (*webhooks.Webhook, error){
		encoded:          func() (*webhooks.Webhook, error) { return webhooks.NewWebhook(encoded) },
		"plain old text": func() (*webhooks.Webhook, error) { return webhooks.NewWebhookRaw([]byte("plain old text")) },
	}
	for secret, verifier := range verifiers {
		verify, err := verifier()
		require.NoError(t, err)
		s := newTarget(t, say(200, ""))
		client := newClient(t, Options{})
		for _, body := range []string{`{"a":"名"}`, ""} {
			call := newCall(s.URL)
			call.Callback.Secret, call.Callback.Body = secret, body
			call.Callback.Headers = []core.Header{{Name: "webhook-id", Value: "theirs"}}
			out := client.Do(t.Context(), call)
			require.Equal(t, core.RunSucceeded, out.State)
			got := s.last(t)
			require.Equal(t, []string{occurrenceID}, got.header[headerWebhookID])
			require.NoError(t, verify.Verify([]byte(got.body), got.header))
			require.Error(t, verify.Verify([]byte(got.body+" "), got.header))
			for _, line := range out.Result.Log {
				require.NotContains(t, line.Text, secret)
			}
		}
	}
}

func TestSignatureFollowsTheClock(t *testing.T) {
	t.Parallel()
	s := newTarget(t, say(200, ""))
	call := newCall(s.URL)
	call.Callback.Secret = "a secret text"
	newClient(t, Options{Now: func() time.Time { return time.Unix(1_700_000_000, 0) }}).Do(t.Context(), call)
	require.Equal(t, []string{"1700000000"}, s.last(t).header[headerWebhookTimestamp])
}

func TestSignatureOfRedirects(t *testing.T) {
	t.Parallel()
	verify, err := webhooks.NewWebhookRaw([]byte("a secret text"))
	require.NoError(t, err)
	for _, status := range []int{303, 308} {
		s := newTarget(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/" {
				http.Redirect(w, r, "/next", status)
				return
			}
			_, _ = io.WriteString(w, "ok")
		})
		call := newCall(s.URL)
		call.Callback.Secret = "a secret text"
		require.Equal(t, core.RunSucceeded, newClient(t, Options{}).Do(t.Context(), call).State)
		got := s.last(t)
		require.Equal(t, "/next", got.uri)
		require.NoError(t, verify.Verify([]byte(got.body), got.header), "the signature fits the body that is sent on")
	}
}
