package auth

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHash(t *testing.T) {
	t.Parallel()
	cost := Cost{MemoryKiB: 64, Passes: 1}
	a, b := cost.hash("value"), cost.hash("value")
	require.NotEqual(t, a, b, "each has its own salt")
	require.True(t, strings.HasPrefix(a, "$argon2id$v=19$m=64,t=1,p=1$"), a)
	for value, want := range map[string]bool{"value": true, "Value": false, "": false, "values": false} {
		got, err := matches(a, value)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

// The hash that the reference implementation makes: echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1, from the test
// file of github.com/P-H-C/phc-winner-argon2.
func TestHashOfTheReferenceImplementation(t *testing.T) {
	t.Parallel()
	ok, err := matches("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", "password")
	require.NoError(t, err)
	require.True(t, ok)
}

func TestDamagedHash(t *testing.T) {
	t.Parallel()
	good := Cost{MemoryKiB: 64, Passes: 1}.hash("value")
	for _, bad := range []string{
		"", "value", "5f4dcc3b5aa765d61d8327deb882cf99", strings.Replace(good, "argon2id", "argon2i", 1),
		strings.Replace(good, "v=19", "v=16", 1), strings.Replace(good, "m=64", "m=9999999", 1), strings.Replace(good, "t=1", "t=0", 1),
		strings.Replace(good, "t=1", "t=99", 1), strings.Replace(good, "p=1", "p=0", 1), good[:len(good)-30], good + "$", good + "!",
	} {
		ok, err := matches(bad, "value")
		require.ErrorIs(t, err, errNotPHC, bad)
		require.False(t, ok)
	}
}
