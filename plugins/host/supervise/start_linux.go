package supervise

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// supervisor is this process and what it started.
type supervisor struct {
	spec   *Spec
	args   []string // by which this program supervises
	pid    int
	cgroup *cgroup // nil without one
}

// start starts the plugin with its limits in force.
func (s *supervisor) start() (err error) {
	if err := s.limitBoth(); err != nil {
		return err
	}
	if s.spec.Cgroup != "" {
		if s.cgroup, err = makeCgroup(s.spec.Cgroup, s.spec.Limits); err != nil {
			return err
		}
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		return err
	}
	defer null.Close() //nolint:errcheck // only read
	attr := &os.ProcAttr{
		Dir: s.spec.Dir, Env: s.spec.Env, Files: []*os.File{null, os.Stdout, os.Stderr},
		Sys: &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL},
	}
	if s.cgroup != nil {
		attr.Sys.UseCgroupFD, attr.Sys.CgroupFD = true, int(s.cgroup.dir.Fd())
	}
	if s.spec.Limits.needsStage() {
		err = s.startStage(attr)
	} else {
		err = s.startPlugin(attr)
	}
	if err != nil && s.cgroup != nil {
		s.cgroup.remove()
	}
	if err != nil {
		return fmt.Errorf("start %s: %w", s.spec.Path, err)
	}
	return nil
}

func (s *supervisor) startPlugin(attr *os.ProcAttr) error {
	if as := s.spec.As; as != nil {
		attr.Sys.Credential = &syscall.Credential{Uid: as.UID, Gid: as.GID, Groups: []uint32{as.GID}}
	}
	process, err := os.StartProcess(s.spec.Path, s.spec.Args, attr)
	if err != nil {
		return reasonOf(err)
	}
	s.pid = process.Pid
	return nil
}

// startStage starts this program once more, which becomes the plugin when it has limited itself.
func (s *supervisor) startStage(attr *os.ProcAttr) error {
	specR, specW, err := os.Pipe()
	if err != nil {
		return err
	}
	defer specW.Close() //nolint:errcheck // closed below when it counts
	failR, failW, err := os.Pipe()
	if err != nil {
		return err
	}
	defer failR.Close() //nolint:errcheck // only read
	attr.Files = append(attr.Files, specR, failW)
	process, err := os.StartProcess("/proc/self/exe", append([]string{os.Args[0]}, append(s.args, stageArg)...), attr)
	_ = specR.Close()
	_ = failW.Close()
	if err != nil {
		return reasonOf(err)
	}
	s.pid = process.Pid
	if err := json.NewEncoder(specW).Encode(s.spec); err != nil {
		return err
	}
	_ = specW.Close()
	// The pipe ends when the plugin has taken the stage's place, or brings why it has not.
	why, err := io.ReadAll(failR)
	if err != nil || len(why) > 0 {
		_ = syscall.Kill(s.pid, syscall.SIGKILL)
		return errors.Join(err, errors.New(string(why)))
	}
	return nil
}

// reasonOf leaves out the path that os puts before.
func reasonOf(err error) error {
	if inner, ok := errors.AsType[*os.PathError](err); ok {
		return inner.Err
	}
	return err
}
