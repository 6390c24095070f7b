package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// The ports a server of the benchmark's own listens on lie below those that systems give to outgoing connections.
const (
	lowestPort  = 20_000
	highestPort = 32_767
)

const (
	readyEvery   = 5 * time.Millisecond
	readyTimeout = time.Minute
	stopTimeout  = 20 * time.Second
	drainTimeout = 5 * time.Second
	logTail      = 2 << 10 // bytes of the log in an error
)

// process is a server that the benchmark started.
type process struct {
	cmd   *exec.Cmd
	url   string
	log   string        // file
	start time.Duration // from the start until it was ready
	ended chan struct{} // closed when the process is gone
}

// startProcess runs `EXECUTABLE serve` on a folder and waits until it is ready. The caller stops it, also when ctx ends.
func startProcess(ctx context.Context, executable, dir, password string) (*process, error) {
	httpAddr, err1 := freeAddr()
	grpcAddr, err2 := freeAddr()
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	p := &process{url: "http://" + httpAddr, log: filepath.Join(dir, "server.log"), ended: make(chan struct{})}
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close() //nolint:errcheck // the process has its own descriptor
	p.cmd = exec.Command(executable, "serve", "--http-addr", httpAddr, "--grpc-addr", grpcAddr, "--data", filepath.Join(dir, "data"),
		"--name", "bench", "--log-level", "warn", "--drain-timeout", drainTimeout.String())
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.Env = append(plainEnviron(os.Environ()), "CARILLON_ADMIN_PASSWORD="+password)
	p.cmd.SysProcAttr = dieWithParent()
	began := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the server: %w", err)
	}
	go func() {
		_ = p.cmd.Wait() // how it ended is in its log
		close(p.ended)
	}()
	if err := p.awaitReady(ctx); err != nil {
		return nil, errors.Join(err, p.stop(ctx))
	}
	p.start = time.Since(began)
	return p, nil
}

// plainEnviron leaves out what would configure a Carillon: the one that is measured has its defaults.
func plainEnviron(environ []string) []string {
	var out []string
	for _, pair := range environ {
		if !strings.HasPrefix(pair, "CARILLON_") && !strings.HasPrefix(pair, "SMCORE_") {
			out = append(out, pair)
		}
	}
	return out
}

// freeAddr finds an address on loopback that nobody listens on.
func freeAddr() (string, error) {
	var err error
	for range 100 {
		addr := fmt.Sprintf("127.0.0.1:%d", lowestPort+rand.IntN(highestPort-lowestPort+1))
		var l net.Listener
		if l, err = net.Listen("tcp", addr); err == nil {
			return addr, l.Close()
		}
	}
	return "", fmt.Errorf("no free port was found: %w", err)
}

func (p *process) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, readyTimeout, fmt.Errorf("the server was not ready within %s", readyTimeout))
	defer cancel()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	poll := time.NewTicker(readyEvery)
	defer poll.Stop()
	for {
		if isReady(ctx, client, p.url+"/ready") {
			return nil
		}
		select {
		case <-poll.C:
		case <-p.ended:
			return p.lastWords()
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func isReady(ctx context.Context, client *http.Client, address string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return false
	}
	response, err := client.Do(request)
	if err != nil {
		return false
	}
	return response.Body.Close() == nil && response.StatusCode == http.StatusOK
}

// lastWords says that the server ended, with the end of its log.
func (p *process) lastWords() error {
	said, err := os.ReadFile(p.log)
	said = bytes.TrimSpace(said)
	said = said[max(0, len(said)-logTail):]
	return errors.Join(fmt.Errorf("the server ended by itself (%s); its log ends with:\n%s", p.cmd.ProcessState, said), err)
}

// stop ends the server: cleanly, or at once when ctx has ended or a clean stop takes too long.
func (p *process) stop(ctx context.Context) error {
	patience := time.NewTimer(stopTimeout)
	defer patience.Stop()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err == nil {
		select {
		case <-p.ended:
			return nil
		case <-ctx.Done():
		case <-patience.C:
		}
	}
	err := p.cmd.Process.Kill()
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	<-p.ended
	return err
}
