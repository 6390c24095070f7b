package chaos

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// echo is a server that sends back what it is sent.
func echo(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_, _ = io.Copy(conn, conn)
			}()
		}
	}()
	return l.Addr().String()
}

func proxied(t *testing.T, target string) (*proxy, net.Conn) {
	t.Helper()
	p, err := newProxy(target)
	require.NoError(t, err)
	t.Cleanup(p.close)
	return p, dial(t, p)
}

func dial(t *testing.T, p *proxy) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", p.addr())
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return conn
}

func say(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	_, err := io.WriteString(conn, text)
	require.NoError(t, err)
}

func hear(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(within)))
	got := make([]byte, len(text))
	_, err := io.ReadFull(conn, got)
	require.NoError(t, err)
	require.Equal(t, text, string(got))
}

func silence(t *testing.T, conn net.Conn) {
	t.Helper()
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
	n, err := conn.Read(make([]byte, 1))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.Zero(t, n)
}

// What is said into a cut, in either direction or in one, is heard when it is mended, on old connections and new.
func TestProxyHoldsBackWhileItIsCut(t *testing.T) {
	t.Parallel()
	for name, ways := range map[string]Ways{"both": Both, "out": Out, "back": Back} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, conn := proxied(t, echo(t))
			say(t, conn, "before")
			hear(t, conn, "before")
			require.NoError(t, p.cut(ways))
			say(t, conn, "during")
			silence(t, conn)
			fresh := dial(t, p)
			say(t, fresh, "fresh")
			silence(t, fresh)
			require.NoError(t, p.mend())
			hear(t, conn, "during")
			hear(t, fresh, "fresh")
			say(t, conn, "after")
			hear(t, conn, "after")
		})
	}
}

// The end of a connection is held back by a cut as all else is.
func TestProxyHoldsBackTheEnd(t *testing.T) {
	t.Parallel()
	ended := make(chan error, 1)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	go func() {
		conn, err := l.Accept()
		if err == nil {
			defer conn.Close()
			_, err = conn.Read(make([]byte, 1))
		}
		ended <- err
	}()
	p, conn := proxied(t, l.Addr().String())
	require.NoError(t, p.cut(Both))
	require.NoError(t, conn.Close())
	select {
	case err := <-ended:
		require.Fail(t, "the end came through the cut", "%v", err)
	case <-time.After(50 * time.Millisecond):
	}
	require.NoError(t, p.mend())
	require.ErrorIs(t, <-ended, io.EOF)
}

// Dropped connections break at both ends; new ones are made, unless nobody listens any more.
func TestProxyDrops(t *testing.T) {
	t.Parallel()
	p, conn := proxied(t, echo(t))
	say(t, conn, "x")
	hear(t, conn, "x")
	require.NoError(t, p.drop())
	requireReset(t, conn)
	conn = dial(t, p)
	say(t, conn, "y")
	hear(t, conn, "y")

	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	p, err = newProxy(l.Addr().String())
	require.NoError(t, err)
	defer p.close()
	if conn, err := net.Dial("tcp", p.addr()); err == nil { // else it was reset as it was made
		requireReset(t, conn)
	}
}

func requireReset(t *testing.T, conn net.Conn) {
	t.Helper()
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(within)))
	_, err := conn.Read(make([]byte, 1))
	require.True(t, errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.EOF), "%v", err)
}

// A proxy that is cut can be closed.
func TestProxyClosesWhileItIsCut(t *testing.T) {
	t.Parallel()
	p, conn := proxied(t, echo(t))
	require.NoError(t, p.cut(Both))
	say(t, conn, "x")
	fresh := dial(t, p)
	p.close()
	requireReset(t, conn)
	requireReset(t, fresh)
}
