package proctree

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
	"time"
)

// Marked returns the processes whose environment, as they were started with it, has a variable whose value begins with
// prefix. Those that this process may not look at are not among them.
func Marked(variable, prefix string) []int {
	begin := []byte(variable + "=" + prefix)
	var found []int
	for _, pid := range everyone() {
		text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
		if err == nil && (bytes.HasPrefix(text, begin) || bytes.Contains(text, append([]byte{0}, begin...))) {
			found = append(found, pid)
		}
	}
	return found
}

// KillMarked kills the processes that Marked finds, until it finds none. It gives up at the end of patience, and returns
// how many it had found at first and how many are left.
func KillMarked(variable, prefix string, patience time.Duration) (found, left int) {
	deadline := time.Now().Add(patience)
	for {
		pids := Marked(variable, prefix)
		found = max(found, len(pids))
		if len(pids) == 0 || time.Now().After(deadline) {
			return found, len(pids)
		}
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
