package e2e

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// peak is the most memory that a process has had resident so far, in bytes.
func (p *process) peak() int {
	p.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	require.NoError(p.t, err)
	for line := range strings.Lines(string(text)) {
		if value, found := strings.CutPrefix(line, "VmHWM:"); found {
			kib, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(value), " kB"))
			require.NoError(p.t, err)
			return kib << 10
		}
	}
	require.FailNow(p.t, "no VmHWM", "%s", text)
	return 0
}

// A package goes through a master in pieces, in both directions.
func TestPackagesAreNotHeldInMemory(t *testing.T) {
	t.Parallel()
	const size, room = 160 << 20, 120 << 20
	s := serve(t, "master", t.TempDir())
	small, _ := pluginFile(t, "0.1.0", 1<<20)
	content, err := os.ReadFile(small)
	require.NoError(t, err)
	resp, err := s.upload(bytes.NewReader(content)) // what the first upload brings into memory once is no matter
	require.NoError(t, err)
	resp.Body.Close()
	before := s.peak()

	large, p := pluginFile(t, "1.0.0", size)
	require.Greater(t, p.Size, int64(size))
	f, err := os.Open(large)
	require.NoError(t, err)
	defer f.Close()
	resp, err = s.upload(f)
	require.NoError(t, err)
	resp.Body.Close()
	require.Equal(t, http.StatusCreated, resp.StatusCode)
	require.Equal(t, p.Digest, s.download("1.0.0"))
	t.Logf("%d MiB before, %d MiB after a package of %d MiB", before>>20, s.peak()>>20, p.Size>>20)
	require.Less(t, s.peak()-before, room)
}
