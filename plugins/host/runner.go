package host

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"sync"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin/runner"

	"github.com/carillonhq/carillon/plugins/host/supervise"
)

// treeRunner is how go-plugin starts and ends a process here: under a supervisor.
type treeRunner struct {
	p    *process
	env  []string
	tree *tree
}

var _ runner.Runner = (*treeRunner)(nil)

// newRunner is go-plugin's RunnerFunc. cmd holds the environment that go-plugin gives, and dir is where the plugin is to
// make its socket.
func (p *process) newRunner(_ hclog.Logger, cmd *exec.Cmd, dir string) (runner.Runner, error) {
	p.socketDir = dir
	if err := p.host.give(dir); err != nil {
		return nil, err
	}
	return &treeRunner{p: p, env: append(cmd.Env, p.told...)}, nil
}

// Start starts the process, and the reading of what it writes.
func (r *treeRunner) Start(ctx context.Context) error {
	p := r.p
	t, err := p.host.nursery.plant(ctx, &supervise.Spec{
		Path: p.pkg.path, Args: []string{p.pkg.path}, Env: environment(r.env, p.home(), p.mark()), Dir: p.home(),
		As: p.host.as, Cgroup: p.host.cgroups.child(p.number),
		Limits: supervise.Limits{
			Memory: int64(p.limits.Memory), AddressSpace: int64(p.limits.AddressSpace),
			CPUSeconds: p.limits.CPUSeconds, OpenFiles: p.limits.OpenFiles, Processes: p.limits.Processes,
		},
	}, p.mark())
	if err != nil {
		return err
	}
	r.tree = t
	var reading sync.WaitGroup
	reading.Go(func() { p.greeting.pump(t.stdout, p.output.writer(levelStdout)) })
	reading.Go(func() { _, _ = io.Copy(p.output.writer(levelStderr), t.stderr) })
	go func() {
		reading.Wait()
		closeAll(t.stdout, t.stderr)
		close(t.read)
	}()
	p.mu.Lock()
	p.tree = t
	doomed := p.death != nil
	p.mu.Unlock()
	if doomed {
		t.end()
	}
	return nil
}

// mark is the process's in its environment. All are of one length, so that none is the beginning of another.
func (p *process) mark() string { return fmt.Sprintf("%s.%010d", p.host.places.id, p.number) }

// Stdout gives the handshake line alone; what follows goes to the runs' logs.
func (r *treeRunner) Stdout() io.ReadCloser { return r.p.greeting.r }

// Stderr is empty: what a plugin writes there goes to the runs' logs.
func (*treeRunner) Stderr() io.ReadCloser { return io.NopCloser(strings.NewReader("")) }

// Wait waits until nothing is left of the process.
func (r *treeRunner) Wait(context.Context) error {
	<-r.tree.gone
	return nil
}

// Kill ends the process and waits for that.
func (r *treeRunner) Kill(context.Context) error {
	r.tree.end()
	<-r.tree.gone
	return nil
}

// Name is the package's.
func (r *treeRunner) Name() string { return r.p.pkg.name() }

// ID is the process's; empty when it was not started.
func (r *treeRunner) ID() string {
	if r.tree == nil {
		return ""
	}
	return strconv.Itoa(r.tree.pid)
}

// Diagnose leaves it to the host to say why a plugin did not start.
func (*treeRunner) Diagnose(context.Context) string { return "" }

// PluginToHost refuses addresses of other machines.
func (*treeRunner) PluginToHost(network, address string) (string, string, error) {
	return network, address, reachable(network, address)
}

// HostToPlugin has nothing to translate.
func (*treeRunner) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}
