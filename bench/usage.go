package bench

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// usage is what a process has used. It is known on Linux only.
type usage struct {
	known    bool
	cpu      time.Duration // of the user's and the system's kind together
	resident int64         // bytes of memory now
	peak     int64         // the most bytes of memory since the start
}

// tick is the unit of times in /proc, which every platform of Linux that Go knows has at 100 to the second.
const tick = 10 * time.Millisecond

// usageOf reads what a process has used; a pid of 0 is no process.
func usageOf(pid int) usage {
	if pid == 0 {
		return usage{}
	}
	stat, err1 := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	status, err2 := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err1 != nil || err2 != nil {
		return usage{}
	}
	cpu, ok := parseStat(string(stat))
	return usage{known: ok, cpu: cpu, resident: statusBytes(string(status), "VmRSS"), peak: statusBytes(string(status), "VmHWM")}
}

// parseStat reads utime and stime of proc_pid_stat(5). The name before them is in brackets and may hold anything.
func parseStat(stat string) (time.Duration, bool) {
	end := strings.LastIndexByte(stat, ')')
	fields := strings.Fields(stat[end+1:])
	if end < 0 || len(fields) < 13 {
		return 0, false
	}
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * tick, err1 == nil && err2 == nil
}

// statusBytes reads a field of proc_pid_status(5) that is given in kB; 0 when it is not there.
func statusBytes(status, name string) int64 {
	_, rest, ok := strings.Cut("\n"+status, "\n"+name+":")
	if !ok {
		return 0
	}
	value, _, _ := strings.Cut(rest, " kB")
	n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
	if err != nil {
		return 0
	}
	return n << 10
}
