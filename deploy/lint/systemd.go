package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// mostExposed is the highest exposure that `systemd-analyze security` may find, in tenths: below 2.0 of 10 a service counts as
// well confined.
const mostExposed = "20"

// installed is where the units have the binary, which need not be there.
const installed = "/usr/local/bin/carillon"

// units are verified with a binary that is there: this one.
func units(folder string) error {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		return skip("there is no systemd-analyze")
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "carillon-units-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch) //nolint:errcheck // a scratch folder
	found, err := filepath.Glob(filepath.Join(folder, "*.service"))
	if err != nil || len(found) == 0 {
		return errors.Join(err, fmt.Errorf("there are no units in %s", folder))
	}
	var errs []error
	for _, path := range found {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if !strings.Contains(string(text), "ExecStart="+installed+" ") {
			errs = append(errs, fmt.Errorf("%s does not start %s", path, installed))
		}
		copied := filepath.Join(scratch, filepath.Base(path))
		if err := os.WriteFile(copied, []byte(strings.ReplaceAll(string(text), installed, self)), 0o600); err != nil {
			return err
		}
		for _, args := range [][]string{{"verify", "--man=no", copied}, {"security", "--offline=true", "--threshold=" + mostExposed, copied}} {
			out, err := exec.Command(analyze, args...).CombinedOutput()
			if err == nil && args[0] == "verify" && len(out) > 0 {
				err = errors.New("it has something to say") // of what it ignores it only warns
			}
			if err != nil {
				errs = append(errs, fmt.Errorf("systemd-analyze %s %s: %w\n%s", args[0], filepath.Base(path), err, out))
			}
		}
	}
	return errors.Join(errs...)
}
