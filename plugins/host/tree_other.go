//go:build !linux

package host

import (
	"context"
	"errors"
	"fmt"
	"os/exec"

	"github.com/carillonhq/carillon/plugins/host/supervise"
)

// nursery starts plugins without a supervisor, which this system has not.
type nursery struct{}

func openNursery(*Options) *nursery { return &nursery{} }

func (*nursery) close() {}

// plant starts a plugin as the worker's own child.
func (*nursery) plant(_ context.Context, spec *supervise.Spec, _ string) (*tree, error) {
	p, err := makePipes()
	if err != nil {
		return nil, fmt.Errorf("make pipes for a plugin: %w", err)
	}
	cmd := exec.Command(spec.Path) //nolint:gosec // running plugins is what this is for
	cmd.Args, cmd.Env, cmd.Dir = spec.Args, spec.Env, spec.Dir
	cmd.Stdout, cmd.Stderr = p.outW, p.errW
	cmd.SysProcAttr = attributes()
	err = cmd.Start()
	closeAll(p.outW, p.errW)
	if err != nil {
		closeAll(p.outR, p.errR)
		return nil, fmt.Errorf("start %s: %w", spec.Path, err)
	}
	t := newTree(p, func() { killGroup(cmd.Process) })
	t.pid = cmd.Process.Pid
	go func() {
		defer close(t.gone)
		err := cmd.Wait()
		close(t.dying)
		killGroup(cmd.Process) // what it left in its group
		var exited *exec.ExitError
		if errors.As(err, &exited) && exited.ExitCode() < 0 {
			t.exit = supervise.Exit{Signal: exited.String()}
		} else if cmd.ProcessState != nil {
			t.exit = supervise.Exit{Code: cmd.ProcessState.ExitCode()}
		}
	}()
	return t, nil
}
