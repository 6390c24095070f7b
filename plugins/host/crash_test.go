package host

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func TestCrashFailsWhatWasUnderWayWithItsLastWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ how, reason string }{
		{"exit", "the plugin's process exited with status 3. Its last words: the last straw"},
		{"panic", "the plugin's process exited with status 2. Its last words: panic: nobody recovers from this"},
		{"kill", "the plugin's process was ended by SIGKILL"},
		{"disconnect", "the plugin broke its connection and was killed: "},
	} {
		t.Run(c.how, func(t *testing.T) {
			t.Parallel()
			b := build(t, pkgSpec{})
			h := with(t, Options{}, b)
			neighbour := begin(t, h, b.call("hang"))
			neighbour.await(t, "hanging")
			o, n := perform(t, h, b.call("crash", "how", c.how, "status", "3"))
			require.Equal(t, core.RunFailed, o.State, n.all())
			require.True(t, o.Retryable)
			require.True(t, strings.HasPrefix(o.Result.Reason, c.reason), o.Result.Reason)
			o = neighbour.outcome(t)
			require.Equal(t, core.RunFailed, o.State, "a crash is nobody's in particular")
			require.True(t, strings.HasPrefix(o.Result.Reason, c.reason), o.Result.Reason)
			h.requireNoProcess(t)
			succeed[any](t, h, b.call("greet"))
		})
	}
}

func TestMessageTooLongEndsTheProcess(t *testing.T) {
	t.Parallel()
	b := build(t, pkgSpec{})
	h := with(t, Options{}, b)
	o, _ := perform(t, h, b.call("huge"))
	require.Equal(t, core.RunFailed, o.State)
	require.Contains(t, o.Result.Reason, "message larger than max")
	h.requireNoProcess(t)
}

func TestProcessesThatDoNotStart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ manner, reason string }{
		{silent, "the plugin did not shake hands within 300ms"},
		{chatty, `the executable is not a plugin: it wrote "listening on port 80" where a plugin shakes hands`},
		{failing, "the plugin exited with status 3 before it shook hands. Its last words: no database to be found"},
		{elsewhere, `the plugin could not be started: the plugin's address "192.0.2.1:443" is not of this machine's loopback`},
		{endless, "the executable is not a plugin: it wrote \"xxxx"},
		{lying, `plugin.yaml names tasks that the plugin does not have: "big"`},
		{unsafe, "the plugin could not be started: "},
		{forking, "the plugin did not shake hands within 300ms"},
	} {
		t.Run(c.manner, func(t *testing.T) {
			t.Parallel()
			b := build(t, pkgSpec{manner: c.manner})
			o := Options{}
			if strings.HasSuffix(c.reason, "300ms") {
				o.StartTimeout = 300e6
			}
			h := with(t, o, b)
			first, second := begin(t, h, b.call("greet")), begin(t, h, b.call("greet"))
			for _, p := range []*pending{first, second} {
				o := p.outcome(t)
				require.Equal(t, core.RunFailed, o.State)
				require.True(t, strings.HasPrefix(o.Result.Reason, c.reason), o.Result.Reason)
				require.Equal(t, c.manner != lying, o.Retryable)
			}
			h.requireNoProcess(t)
		})
	}
}

func TestWhatCannotRunIsNotStarted(t *testing.T) {
	t.Parallel()
	b := build(t, pkgSpec{})
	h := with(t, Options{}, b)
	missing := b.call("greet")
	missing.Digest, missing.Missing = "", "there is no package test with the version 9.9.9"
	other := b.call("greet")
	other.Package = "another"
	version := b.call("greet")
	version.Version = "1.0.1"
	unknown := b.call("greet")
	unknown.Digest = strings.Repeat("ab", 32)
	crooked := b.call("greet")
	crooked.Digest = "../../etc/passwd"
	for reason, c := range map[string]Call{
		"plugin.package: there is no package test with the version 9.9.9":  missing,
		"plugin.package: has the digest of test@1.0.0, which is another":   other,
		"plugin.package: has the digest of test@1.0.0, which is another ":  version,
		"the package cannot be had: refused: there is no package abababab": unknown,
		"plugin.digest: must be a SHA-256 in lower-case hex":               crooked,
	} {
		o, _ := perform(t, h, c)
		require.Equal(t, core.RunFailed, o.State)
		require.Contains(t, o.Result.Reason, strings.TrimSpace(reason))
		require.False(t, o.Retryable)
	}
	require.Zero(t, h.pool.started)
}
