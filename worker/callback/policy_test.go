package callback

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func TestPolicyCheck(t *testing.T) {
	t.Parallel()
	private, err := ParsePolicy([]string{"10.0.0.0/8", " 2001:db8::1 "}, []string{"10.1.0.0/16", "::ffff:10.2.0.0/112", "127.0.0.1", "::1"})
	require.NoError(t, err)
	local, err := ParsePolicy(nil, []string{"127.0.0.0/8", "::1"})
	require.NoError(t, err)
	for _, c := range []struct {
		policy  Policy
		allowed string
		denied  string
	}{
		{Policy{}, "127.0.0.1 169.254.169.254 ::1 fe80::1%eth0", ""},
		{DefaultPolicy(), "127.0.0.1 10.0.0.1 8.8.8.8 ::1 2001:db8::1 100.100.100.201",
			"169.254.169.254 169.254.0.1 ::ffff:169.254.169.254 fe80::1 fe80::1%eth0 fd00:ec2::254 fd20:ce::254 100.100.100.200"},
		{private, "10.0.0.1 ::ffff:10.0.0.1 2001:db8::1", "10.1.2.3 10.2.0.1 ::ffff:10.1.0.1 8.8.8.8 2001:db8::2 127.0.0.1"},
		{local, "10.0.0.1", "127.0.0.1 127.1.2.3 0.0.0.0 :: ::1 ::ffff:127.0.0.1 ::ffff:0.0.0.0"},
	} {
		for addr := range strings.FieldsSeq(c.allowed) {
			require.NoError(t, c.policy.check(netip.MustParseAddr(addr)), addr)
		}
		for addr := range strings.FieldsSeq(c.denied) {
			require.Error(t, c.policy.check(netip.MustParseAddr(addr)), addr)
		}
	}
}

func TestParsePolicyRefuses(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "example.com", "10.0.0.0/33", "fe80::1%eth0", "::ffff:0:0/90"} {
		_, err := ParsePolicy(nil, []string{bad})
		var e *core.Error
		require.ErrorAs(t, err, &e, bad)
		require.Equal(t, "deny", e.Field)
	}
}

func TestPolicyAtTheDial(t *testing.T) {
	t.Parallel()
	s := newTarget(t, say(200, ""))
	deny, err := ParsePolicy(nil, []string{"127.0.0.0/8", "::1"})
	require.NoError(t, err)
	for _, url := range []string{s.URL, strings.Replace(s.URL, "127.0.0.1", "localhost", 1), strings.Replace(s.URL, "127.0.0.1", "0.0.0.0", 1), strings.Replace(s.URL, "127.0.0.1", "[::ffff:127.0.0.1]", 1)} {
		out := newClient(t, Options{Policy: deny}).Do(t.Context(), newCall(url))
		require.Equal(t, core.RunFailed, out.State, url)
		require.False(t, out.Retryable, url)
		require.Regexp(t, `the address (127\.0\.0\.1|::1) may not be called: the outbound policy denies (127\.0\.0\.0/8|::1/128)`, out.Result.Reason)
	}
	require.Empty(t, s.requests)

	elsewhere, err := ParsePolicy([]string{"192.0.2.0/24"}, nil)
	require.NoError(t, err)
	out := newClient(t, Options{Policy: elsewhere}).Do(t.Context(), newCall(s.URL))
	require.Equal(t, "the address 127.0.0.1 may not be called: the outbound policy does not allow it", out.Result.Reason)
}

func TestPolicyHoldsForRedirects(t *testing.T) {
	t.Parallel()
	s := newTarget(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://169.254.169.254/latest/meta-data/", http.StatusFound)
	})
	out := newClient(t, Options{Policy: DefaultPolicy()}).Do(t.Context(), newCall(s.URL))
	require.Equal(t, core.RunFailed, out.State)
	require.False(t, out.Retryable)
	require.Contains(t, out.Result.Reason, "169.254.169.254")
}
