package supervise

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// stageArg has this program be a stage: the process that sets limits for itself, becomes another user if need be, and then
// the plugin. Only so can every limit be in force from the plugin's first instruction on without rights that root has
// in few containers.
const stageArg = "stage"

// stage is what Main does with stageArg. It returns only when it failed.
func stage() int {
	// What is said of the thread must hold for the one that becomes the plugin.
	runtime.LockOSThread()
	spec, fail := os.NewFile(ControlFD, "spec"), os.NewFile(ReportFD, "fail")
	if err := becomePlugin(spec); err != nil {
		_, _ = fmt.Fprint(fail, err)
	}
	return 1
}

func becomePlugin(from *os.File) error {
	var s Spec
	if err := json.NewDecoder(from).Decode(&s); err != nil {
		return fmt.Errorf("what is to be started cannot be read: %w", err)
	}
	if err := closeOnExec(ControlFD); err != nil {
		return fmt.Errorf("close what the supervisor has open: %w", err)
	}
	if as := s.As; as != nil {
		if err := become(as); err != nil {
			return fmt.Errorf("become user %d: %w", as.UID, err)
		}
		// To become somebody else took this away.
		if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(syscall.SIGKILL), 0, 0, 0); err != nil {
			return fmt.Errorf("ask to end with the supervisor: %w", err)
		}
	}
	if err := s.Limits.limitPlugin(); err != nil {
		return err
	}
	return syscall.Exec(s.Path, s.Args, s.Env) //nolint:gosec // running plugins is what this is for
}

func become(as *User) error {
	if err := syscall.Setgroups([]int{int(as.GID)}); err != nil {
		return err
	}
	if err := syscall.Setresgid(int(as.GID), int(as.GID), int(as.GID)); err != nil {
		return err
	}
	return syscall.Setresuid(int(as.UID), int(as.UID), int(as.UID))
}
