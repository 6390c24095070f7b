package dbserver

import (
	"context"
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A server takes connections, comes back at its address after each way of stopping, and leaves nothing behind.
func TestServerComesBack(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(context.Context, Options) (*Server, error){"postgres": Postgres, "mariadb": MariaDB} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := start(t.Context(), Options{})
			if errors.Is(err, ErrNotInstalled) && os.Getenv("CARILLON_TEST_REQUIRED") == "" {
				t.Skip(err)
			}
			require.NoError(t, err)
			defer s.Close()
			require.Contains(t, s.URL("h:1"), "@h:1/")
			addr := s.Addr()
			for _, how := range []Stop{Fast, Immediate, Kill} {
				require.NoError(t, s.kind.ready(t.Context(), s.host, s.port))
				pid := s.cmd.Process.Pid
				client, err := net.Dial("tcp", s.Addr()) // one that is never to be seen again
				require.NoError(t, err)
				t.Cleanup(func() { client.Close() })
				require.NoError(t, s.Stop(how))
				// A server that is killed leaves processes which notice that a moment later.
				require.Eventually(t, func() bool { return !listens(s.Addr()) }, time.Minute, 10*time.Millisecond, "%s: it is down", how)
				require.NoError(t, s.Start(t.Context()), how)
				require.NotEqual(t, pid, s.cmd.Process.Pid)
			}
			require.Equal(t, addr, s.Addr())
			require.NoError(t, s.Close())
			require.NoDirExists(t, s.dir)
			require.False(t, listens(addr))
			require.NoError(t, s.Close(), "once more does no harm")
		})
	}
}

func listens(addr string) bool {
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

// A server that cannot be made says why, and leaves no folder.
func TestServerCannotBeMade(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	_, err := begin(t.Context(), mariadb("/nonexistent", "/nonexistent"), Options{Parent: parent})
	require.ErrorContains(t, err, "/nonexistent")
	left, err := os.ReadDir(parent)
	require.NoError(t, err)
	require.Empty(t, left)
}
