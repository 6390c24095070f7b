package host

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
)

// maxHandshake is how long the line may be with which a plugin shakes hands, in bytes: as go-plugin reads it.
const maxHandshake = 64 << 10

// greeting takes the first line of a plugin's standard output, which go-plugin is to read, apart from what follows, which
// is output as any other. go-plugin would read that, too, and end at a line that is too long for it.
type greeting struct {
	line chan string // has the line, or what there was of one
	r    *io.PipeReader
	w    *io.PipeWriter
}

func newGreeting() *greeting {
	g := &greeting{line: make(chan string, 1)}
	g.r, g.w = io.Pipe()
	return g
}

// pump reads a plugin's standard output to its end.
func (g *greeting) pump(stdout io.Reader, rest io.Writer) {
	r := bufio.NewReaderSize(stdout, maxHandshake)
	line, err := r.ReadSlice('\n')
	g.line <- strings.TrimSpace(string(line))
	_, _ = g.w.Write(line)
	_ = g.w.Close()
	if err == nil || errors.Is(err, bufio.ErrBufferFull) {
		_, _ = io.Copy(rest, r)
	}
}

// wrote says what was read where a handshake should have been; empty when there was nothing.
func (g *greeting) wrote() string {
	select {
	case line := <-g.line:
		if line == "" || strings.HasPrefix(line, "1|") {
			return ""
		}
		return line[:min(len(line), 200)]
	default:
		return ""
	}
}

// reachable refuses addresses that are not on this machine: a worker must not be made to call others.
func reachable(network, address string) error {
	if network != "tcp" {
		return nil
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("the plugin's address %q cannot be read: %w", address, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("the plugin's address %q is not of this machine's loopback", address)
	}
	return nil
}
