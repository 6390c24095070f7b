package chaos

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// echoEnv has this binary be a server that sends back what it is sent, at the address that it names.
const echoEnv = "CHAOS_TEST_ECHO"

func TestMain(m *testing.M) {
	if addr := os.Getenv(echoEnv); addr != "" {
		serveEcho(addr)
		return
	}
	os.Exit(m.Run())
}

func serveEcho(addr string) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		panic(err)
	}
	for {
		conn, err := l.Accept()
		if err != nil {
			panic(err)
		}
		go func() { _, _ = io.Copy(conn, conn) }()
	}
}

// connect dials a server in a namespace until it is there.
func connect(t *testing.T, addr string) net.Conn {
	t.Helper()
	var conn net.Conn
	eventually(t, func() bool {
		var err error
		conn, err = net.DialTimeout("tcp", addr, time.Second)
		return err == nil
	}, "it is reached through the router")
	t.Cleanup(func() { conn.Close() })
	return conn
}

// What is said into a cut, in either direction or in one, is heard when it is mended; nobody is told of anything until then, and
// no other way is cut.
func TestNamespacesAreCut(t *testing.T) {
	t.Parallel()
	n, err := newNetwork()
	if errors.Is(err, errNoNamespaces) {
		t.Skip(err)
	}
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, n.close())
		left, err := exec.Command("ip", "netns", "list").Output()
		require.NoError(t, err)
		require.NotContains(t, string(left), n.prefix)
	})
	var conns []net.Conn
	var addrs []string
	for _, name := range []string{"w1", "w2"} {
		h, err := n.add(name)
		require.NoError(t, err)
		addr := net.JoinHostPort(h.addr, "7000")
		echo := exec.Command("ip", "netns", "exec", h.namespace, os.Args[0])
		echo.Env, echo.SysProcAttr = append(os.Environ(), echoEnv+"="+addr), dieWithParent()
		require.NoError(t, echo.Start())
		t.Cleanup(func() {
			require.NoError(t, echo.Process.Kill())
			_ = echo.Wait()
		})
		conns, addrs = append(conns, connect(t, addr)), append(addrs, addr)
	}
	way, err := n.link(n.hosts[0], net.JoinHostPort(n.here(), "1"))
	require.NoError(t, err)
	require.Equal(t, n.here()+":1", way.addr())
	for _, ways := range []Ways{Out, Back, Both} {
		require.NoError(t, way.cut(ways))
		say(t, conns[0], "during")
		say(t, conns[1], "beside")
		hear(t, conns[1], "beside")
		silence(t, conns[0])
		_, err := net.DialTimeout("tcp", addrs[0], 200*time.Millisecond)
		require.ErrorContains(t, err, "timeout", "not even refused")
		require.NoError(t, way.mend())
		hear(t, conns[0], "during")
	}
	require.NoError(t, way.drop())
	_, err = conns[0].Read(make([]byte, 1))
	require.ErrorContains(t, err, "reset")
	say(t, conns[1], "on")
	hear(t, conns[1], "on")
}

// What is left of a harness that was killed is removed by the next.
func TestNamespacesOfTheDeadAreRemoved(t *testing.T) {
	t.Parallel()
	gone := exec.Command("true")
	require.NoError(t, gone.Run())
	name := fmt.Sprintf("%s%d-w1", namespacePrefix, gone.Process.Pid)
	if err := ip("netns add " + name); err != nil {
		t.Skipf("no network namespaces can be made here: %v", err)
	}
	require.NoError(t, sweep())
	left, err := exec.Command("ip", "netns", "list").Output()
	require.NoError(t, err)
	require.NotContains(t, string(left), name)
}
