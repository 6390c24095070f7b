// Package dbserver starts database servers for tests: each in a scratch folder of its own, on a free port, of loopback unless
// told otherwise, as a user who is not root, and gone with its folder when it is closed. Shared servers are never touched. Because the server
// is the test's own, it can also be stopped as crudely as the test likes, and started again on the same data.
package dbserver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ErrNotInstalled says that this machine has no such database server. The error that wraps it names what is missing.
var ErrNotInstalled = errors.New("the database server is not installed")

// startTimeout bounds a start, a recovery from a crash with it.
const startTimeout = time.Minute

// Server is a database server that this process started. Its methods are not to be called at the same time.
type Server struct {
	kind  *kind
	host  string
	dir   string // belongs to the user who runs the server
	creds *syscall.Credential
	port  int

	cmd   *exec.Cmd
	ended chan struct{} // closed when the process is gone
}

// Options says where a server is made. The zero value of a field is its default.
type Options struct {
	// Parent is the folder that the server's own folder is made in, one that everybody may pass through. Defaults to that for
	// temporary files.
	Parent string
	// Host is the address of this machine that the server listens on, for whoever reaches it. Defaults to loopback.
	Host string
}

// kind is what differs between the servers.
type kind struct {
	name string
	user string // who runs it when root must not
	// files are put into the folder, install fills a data folder in it, serve runs a server on that until it is told to stop.
	files   map[string]string
	install func(dir string) *exec.Cmd
	serve   func(dir, host string, port int) *exec.Cmd
	// ready says whether the server takes connections.
	ready func(ctx context.Context, host string, port int) error
	// url is what reaches the server by way of an address.
	url string
	// signals are how each way of stopping is asked for.
	signals [3]syscall.Signal
}

// Stop is a way of stopping a server.
type Stop int

// The ways of stopping.
const (
	Fast      Stop = iota // clients are cut off, open transactions rolled back, everything written
	Immediate             // at once, leaving the rest to the recovery at the next start
	Kill                  // kill -9
)

// String is the name of the way.
func (s Stop) String() string { return [...]string{"fast", "immediate", "kill -9"}[s] }

// begin makes a folder and starts a server in it.
func begin(ctx context.Context, k *kind, o Options) (_ *Server, err error) {
	s := &Server{kind: k, host: cmp.Or(o.Host, "127.0.0.1")}
	if s.creds, err = credentials(k.user); err != nil {
		return nil, err
	}
	if s.dir, err = os.MkdirTemp(o.Parent, "carillon-"+k.name+"-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if err := s.fill(); err != nil {
		return nil, err
	}
	for tries := 0; ; tries++ {
		if s.port, err = FreePort(); err != nil {
			return nil, err
		}
		// Between the look and the start somebody else may have taken the port.
		if err = s.Start(ctx); err == nil {
			return s, nil
		}
		if tries == 2 || ctx.Err() != nil {
			return nil, err
		}
	}
}

// fill gives the folder to the server's user and has a data folder made in it.
func (s *Server) fill() error {
	if s.creds != nil {
		if err := os.Chown(s.dir, int(s.creds.Uid), int(s.creds.Gid)); err != nil {
			return err
		}
	}
	for name, content := range s.kind.files {
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(content), 0o644); err != nil { // #nosec G306 -- read by the server's user
			return err
		}
	}
	if out, err := s.prepare(s.kind.install(s.dir)).CombinedOutput(); err != nil {
		return fmt.Errorf("make a data folder for %s: %w\n%s", s.kind.name, err, out)
	}
	return nil
}

// prepare has a command run as the server's user, in its folder, and die with this process.
func (s *Server) prepare(cmd *exec.Cmd) *exec.Cmd {
	cmd.Dir, cmd.SysProcAttr = s.dir, attributes(s.creds)
	cmd.Env = append(os.Environ(), "HOME="+s.dir, "TMPDIR="+s.dir, "LC_ALL=C")
	return cmd
}

// Addr is where the server listens.
func (s *Server) Addr() string { return net.JoinHostPort(s.host, strconv.Itoa(s.port)) }

// URL is what Carillon's --database takes to reach the server by way of addr: Addr, or a proxy before it.
func (s *Server) URL(addr string) string { return strings.ReplaceAll(s.kind.url, "ADDR", addr) }

// Start starts the server on the data that is there, and returns when it takes connections. What a killed server left
// behind may keep a new one from starting for a moment, so this is tried again and again for a minute.
func (s *Server) Start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		err := s.launch(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("start %s: %w\n%s", s.kind.name, err, s.lastWords())
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// launch starts the process once and waits until it is ready or ends.
func (s *Server) launch(ctx context.Context) error {
	log, err := os.OpenFile(s.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close() //nolint:errcheck // the process has its own descriptor
	s.cmd, s.ended = s.prepare(s.kind.serve(s.dir, s.host, s.port)), make(chan struct{})
	s.cmd.Stdout, s.cmd.Stderr = log, log
	if err := s.cmd.Start(); err != nil {
		s.cmd = nil
		return err
	}
	go func(cmd *exec.Cmd, ended chan struct{}) {
		_ = cmd.Wait()
		close(ended)
	}(s.cmd, s.ended)
	for {
		err := s.kind.ready(ctx, s.host, s.port)
		select {
		case <-s.ended:
			s.cmd = nil
			return errors.New("it ended while it started")
		default:
		}
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, s.Stop(Kill))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Stop stops the server and waits until its process is gone. A server that is stopped already stays so.
func (s *Server) Stop(how Stop) error {
	if s.cmd == nil {
		return nil
	}
	if err := s.cmd.Process.Signal(s.kind.signals[how]); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop %s: %w", s.kind.name, err)
	}
	select {
	case <-s.ended:
	case <-time.After(startTimeout):
		_ = s.cmd.Process.Kill()
		<-s.ended
	}
	s.cmd = nil
	return nil
}

// Close stops the server and removes its folder.
func (s *Server) Close() error {
	err := s.Stop(Immediate)
	// Children of a killed server may be at their last write.
	for range 20 {
		if removed := os.RemoveAll(s.dir); removed == nil {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}

func (s *Server) log() string { return filepath.Join(s.dir, "server.log") }

// lastWords are the end of the server's log.
func (s *Server) lastWords() string {
	text, err := os.ReadFile(s.log())
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(len(lines)-20, 0):], "\n")
}
