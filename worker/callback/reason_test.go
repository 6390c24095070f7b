package callback

import (
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestCleanTexts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := string(rapid.SliceOf(rapid.Byte()).Draw(t, "text"))
		limit := rapid.IntRange(3, 50).Draw(t, "limit")
		got := clean(s, limit)
		if !utf8.ValidString(got) || len(got) > limit || !headerSafe(got) {
			t.Fatalf("%q is not clean", got)
		}
	})
	require.Equal(t, "a b", clean("a\nb", 10))
	require.Equal(t, "名…", clean("名名名", 8))
}

func TestRedact(t *testing.T) {
	t.Parallel()
	u, err := parseURL("http://ann:hunter2@host/")
	require.NoError(t, err)
	a := attempt{call: &Call{}, request: &request{url: u}}
	a.call.Callback.Secret = "a secret text"
	require.Equal(t, "xxxxx and xxxxx", a.redact("hunter2 and a secret text"))
	a.call.Callback.Secret = "a"
	require.Equal(t, "xxxxx and", a.redact("hunter2 and"))
}

func TestRoundDuration(t *testing.T) {
	t.Parallel()
	for in, want := range map[time.Duration]string{
		1234567:              "1.2ms",
		12345:                "12µs",
		1234567 * 1000:       "1.23s",
		61 * time.Second:     "1m1s",
		-5 * time.Nanosecond: "0s",
	} {
		require.Equal(t, want, roundDuration(in).String())
	}
}
