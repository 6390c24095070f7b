package supervise

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

// cgroup is a plugin's own, in cgroup v2.
type cgroup struct {
	path string
	dir  *os.File
}

func makeCgroup(path string, limits Limits) (*cgroup, error) {
	if err := os.Mkdir(path, 0o755); err != nil { //nolint:gosec // as all cgroups are
		return nil, fmt.Errorf("make a cgroup: %w", err)
	}
	c := &cgroup{path: path}
	if err := c.limit(limits); err != nil {
		c.remove()
		return nil, err
	}
	var err error
	if c.dir, err = os.Open(path); err != nil {
		c.remove()
		return nil, fmt.Errorf("open a cgroup: %w", err)
	}
	return c, nil
}

func (c *cgroup) limit(limits Limits) error {
	if limits.Memory > 0 {
		if err := c.write("memory.max", strconv.FormatInt(limits.Memory, 10)); err != nil {
			return err
		}
		// Without these a plugin could go on in swap, or without its biggest process. A kernel may lack swap.
		if err := c.write("memory.swap.max", "0"); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := c.write("memory.oom.group", "1"); err != nil {
			return err
		}
	}
	if limits.Processes > 0 {
		return c.write("pids.max", strconv.Itoa(limits.Processes))
	}
	return nil
}

func (c *cgroup) write(file, value string) error {
	// Not os.WriteFile: these files are there or the kernel does not have them, and must not be made.
	f, err := os.OpenFile(filepath.Join(c.path, file), os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("limit a cgroup: %w", err)
	}
	_, err = f.WriteString(value)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("limit a cgroup: %w", err)
	}
	return nil
}

// kill kills all that is in the cgroup at one stroke. Kernels before 5.14 cannot.
func (c *cgroup) kill() { _ = c.write("cgroup.kill", "1") }

// outOfMemory says whether the kernel killed something in the cgroup because of memory.max.
func (c *cgroup) outOfMemory() bool {
	text, err := os.ReadFile(filepath.Join(c.path, "memory.events"))
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(text)) {
		if name, count, _ := strings.Cut(strings.TrimSpace(line), " "); name == "oom_kill" {
			return count != "0"
		}
	}
	return false
}

// remove removes the empty cgroup. The kernel may take a moment to see that it is empty.
func (c *cgroup) remove() {
	for range 50 {
		if err := os.Remove(c.path); err == nil || errors.Is(err, fs.ErrNotExist) {
			return
		}
		time.Sleep(2 * time.Millisecond)
	}
}
