package chaos

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/e2e/chaos/evidence"
)

// script makes a process that runs a shell script, which serves once the file "serves" is there, and what it complains of.
func script(t *testing.T, text string) (*process, func() []evidence.Trouble) {
	t.Helper()
	var (
		mu   sync.Mutex
		told []evidence.Trouble
	)
	dir := t.TempDir()
	p, err := newProcess(program{
		name: "n", path: "/bin/sh", args: []string{"-c", text}, dir: dir,
		served: func(context.Context) bool {
			_, err := os.Stat(filepath.Join(dir, "serves"))
			return err == nil
		},
		troubled: func(x evidence.Trouble) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, x)
		},
	})
	require.NoError(t, err)
	t.Cleanup(p.close)
	return p, func() []evidence.Trouble {
		mu.Lock()
		defer mu.Unlock()
		return append([]evidence.Trouble(nil), told...)
	}
}

// lines gives what a process has written, over all its starts.
func lines(t *testing.T, p *process) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(p.dir, "n.log"))
	require.NoError(t, err)
	return strings.Fields(string(text))
}

// within is long, for machines that are busy.
const within = time.Minute

func eventually(t *testing.T, holds func() bool, what string) {
	t.Helper()
	require.Eventually(t, holds, within, 10*time.Millisecond, what)
}

// A process that ends by itself is told of and started again; one that was told to end is neither.
func TestProcessIsStartedAgain(t *testing.T) {
	t.Parallel()
	p, troubles := script(t, "touch serves; echo $EXTRA; read line")
	require.NoError(t, p.start("EXTRA=one"))
	// Standard input is empty, so it ends at once.
	eventually(t, func() bool { return len(lines(t, p)) >= 2 }, "it comes back")
	require.Equal(t, []string{"one", "one"}, lines(t, p)[:2], "as it was started")
	p.kill()
	told := troubles()
	require.NotEmpty(t, told)
	require.Contains(t, told[0].What, "ended by itself")
	n := len(lines(t, p))
	time.Sleep(restartAfter + 200*time.Millisecond)
	require.Len(t, lines(t, p), n, "it stays where it was sent")
}

// What ends before it serves is excused, but for a panic; what ends afterwards is not.
func TestTroublesAreExcused(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		text    string
		await   bool
		excused bool
	}{
		"before it serves": {text: "exit 1", excused: true},
		"afterwards":       {text: "touch serves; while [ ! -e ends ]; do sleep 0.01; done", await: true},
		"panics":           {text: "echo 'panic: no' >&2; exit 2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, troubles := script(t, row.text)
			require.NoError(t, p.start())
			if row.await {
				require.True(t, p.awaitServing(t.Context(), within))
				require.NoError(t, os.WriteFile(filepath.Join(p.dir, "ends"), nil, 0o600))
			}
			eventually(t, func() bool { return len(troubles()) > 0 }, "its end is told of")
			require.Equal(t, row.excused, troubles()[0].Excused)
			if name == "panics" {
				require.Contains(t, troubles()[0].Words, "panic: no")
			}
		})
	}
}

func TestProcessStops(t *testing.T) {
	t.Parallel()
	const loop = "trap 'echo bye; exit 0' TERM; touch serves; while :; do sleep 0.05; done"
	p, troubles := script(t, loop)
	require.False(t, p.awaitServing(t.Context(), 100*time.Millisecond), "it was not started")
	require.NoError(t, p.start())
	require.True(t, p.awaitServing(t.Context(), within))
	require.True(t, p.stop(within))
	require.Equal(t, []string{"bye"}, lines(t, p))
	require.Empty(t, troubles())

	p, _ = script(t, "trap '' TERM; touch serves; while :; do sleep 0.05; done")
	require.NoError(t, p.start())
	require.True(t, p.awaitServing(t.Context(), within))
	require.False(t, p.stop(100*time.Millisecond), "one that does not stop is killed")
}

func TestProcessStandsStill(t *testing.T) {
	t.Parallel()
	p, _ := script(t, "touch serves; while :; do echo tick; sleep 0.01; done")
	require.NoError(t, p.start())
	eventually(t, func() bool { return len(lines(t, p)) > 2 }, "it ticks")
	require.NoError(t, p.freeze())
	var n int
	eventually(t, func() bool { // what was on its way is written first
		n = len(lines(t, p))
		time.Sleep(200 * time.Millisecond)
		return len(lines(t, p)) == n
	}, "it stands still")
	require.NoError(t, p.thaw())
	eventually(t, func() bool { return len(lines(t, p)) > n }, "it goes on")
}
