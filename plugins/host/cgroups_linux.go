package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// cgroups is the place in cgroup v2 under which each process has its own group; its zero value is none.
type cgroups struct{ dir string }

// child names the group of a process; empty when there are none.
func (c *cgroups) child(number int) string {
	if c.dir == "" {
		return ""
	}
	return filepath.Join(c.dir, strconv.Itoa(number))
}

// openCgroups takes the worker's own group for its plugins, if the system lets it: the worker moves into a group beneath,
// because only the leaves of the tree may have processes, and gives memory and pids to the groups beside that.
func openCgroups(o *Options, id string) *cgroups {
	own, err := ownCgroup("/proc/self/mountinfo", "/proc/self/cgroup")
	if err == nil {
		var c *cgroups
		if c, err = takeCgroup(own, id, os.Getpid(), []string{"memory", "pids"}); err == nil {
			o.Logger.Info("the memory of plugins is limited by cgroup", "path", c.dir)
			return c
		}
	}
	o.Logger.Info("the memory of plugins is limited by looking after it, not by cgroup", "because", err)
	return &cgroups{}
}

// ownCgroup finds the directory of this process's group in cgroup v2.
func ownCgroup(mountinfo, membership string) (string, error) {
	text, err := os.ReadFile(membership)
	if err != nil {
		return "", err
	}
	path := ""
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), "0::"); ok {
			path = rest
		}
	}
	mounts, err := os.ReadFile(mountinfo)
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(mounts)) {
		before, after, _ := strings.Cut(line, " - ")
		fields, kind := strings.Fields(before), strings.Fields(after)
		const root, place = 3, 4
		if len(fields) <= place || len(kind) == 0 || kind[0] != "cgroup2" || path == "" {
			continue
		}
		inside, err := filepath.Rel(fields[root], path)
		if err != nil || strings.HasPrefix(inside, "..") {
			continue
		}
		return filepath.Join(fields[place], inside), nil
	}
	return "", errors.New("this process has no group in cgroup v2")
}

// takeCgroup makes the groups beneath own, which must have some controllers to give, and moves the worker.
func takeCgroup(own, id string, pid int, controllers []string) (*cgroups, error) {
	available, err := os.ReadFile(filepath.Join(own, "cgroup.controllers"))
	if err != nil {
		return nil, err
	}
	for _, name := range controllers {
		if !strings.Contains(" "+strings.TrimSpace(string(available))+" ", " "+name+" ") {
			return nil, fmt.Errorf("%s has no controller for %s", own, name)
		}
	}
	worker, plugins := filepath.Join(own, "carillon-worker"), filepath.Join(own, "carillon-plugins-"+id)
	if err := sweepCgroup(plugins); err != nil {
		return nil, err
	}
	if err := os.Mkdir(worker, 0o755); err != nil && !errors.Is(err, fs.ErrExist) { //nolint:gosec // as all cgroups are
		return nil, err
	}
	if err := control(worker, "cgroup.procs", strconv.Itoa(pid)); err != nil {
		_ = os.Remove(worker)
		return nil, err
	}
	if err = hand(own, controllers); err == nil {
		if err = os.Mkdir(plugins, 0o755); err == nil { //nolint:gosec // as all cgroups are
			err = hand(plugins, controllers)
		}
	}
	if err != nil { // most likely there are others in the worker's group, who must not be moved
		_ = os.Remove(plugins)
		_ = control(own, "cgroup.procs", strconv.Itoa(pid))
		_ = os.Remove(worker)
		return nil, err
	}
	return &cgroups{dir: plugins}, nil
}

// hand gives controllers to the groups beneath one.
func hand(dir string, controllers []string) error {
	for _, name := range controllers {
		if err := control(dir, "cgroup.subtree_control", "+"+name); err != nil {
			return err
		}
	}
	return nil
}

func control(dir, file, value string) error {
	f, err := os.OpenFile(filepath.Join(dir, file), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(value)
	return errors.Join(err, f.Close())
}

// sweepCgroup kills what an earlier worker left in its groups, and removes them.
func sweepCgroup(plugins string) error {
	left, err := os.ReadDir(plugins)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, group := range left {
		if group.IsDir() {
			_ = control(filepath.Join(plugins, group.Name()), "cgroup.kill", "1")
		}
	}
	for deadline := time.Now().Add(sweepPatience); ; time.Sleep(5 * time.Millisecond) {
		for _, group := range left {
			if group.IsDir() {
				_ = os.Remove(filepath.Join(plugins, group.Name()))
			}
		}
		if err = os.Remove(plugins); err == nil || time.Now().After(deadline) {
			return err
		}
	}
}

// close removes the group of the plugins, which has none any more. The worker stays where it is.
func (c *cgroups) close() {
	if c.dir != "" {
		_ = os.Remove(c.dir)
	}
}
