package proctree

import (
	"bytes"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ticks is the unit of processor times in /proc, which is the same on all architectures.
const ticks = time.Second / 100

// Descendants returns the children of a process, their children and so on.
func Descendants(pid int) []int {
	all, known := children(pid)
	if !known {
		return scan(pid)
	}
	for i := 0; i < len(all); i++ {
		below, _ := children(all[i])
		all = append(all, below...)
	}
	return all
}

// children asks the kernel for the children of each thread. It is not known when the kernel was built without that.
func children(pid int) (pids []int, known bool) {
	tasks := "/proc/" + strconv.Itoa(pid) + "/task"
	threads, err := os.ReadDir(tasks)
	if err != nil {
		return nil, true // the process is gone
	}
	for _, thread := range threads {
		text, err := os.ReadFile(tasks + "/" + thread.Name() + "/children")
		if err == nil {
			known = true
		}
		for field := range strings.FieldsSeq(string(text)) {
			if child, err := strconv.Atoi(field); err == nil {
				pids = append(pids, child)
			}
		}
	}
	return pids, known
}

// scan finds descendants among all processes there are.
func scan(pid int) []int {
	below := map[int][]int{}
	for _, p := range everyone() {
		if s, ok := read(p); ok {
			below[s.parent] = append(below[s.parent], p)
		}
	}
	all := slices.Clone(below[pid])
	for i := 0; i < len(all); i++ {
		all = append(all, below[all[i]]...)
	}
	return all
}

func everyone() []int {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close() //nolint:errcheck // only read
	names, _ := dir.Readdirnames(-1)
	var pids []int
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// Measure adds up what processes use. Those that are gone use nothing.
func Measure(pids []int) Usage {
	var u Usage
	for _, pid := range pids {
		s, ok := read(pid)
		if !ok {
			continue
		}
		u.Resident += s.resident
		u.Tasks += s.threads
		u.CPU = max(u.CPU, s.cpu)
	}
	return u
}

// stat is what is used here of /proc/PID/stat.
type stat struct {
	parent   int
	threads  int
	cpu      time.Duration
	resident int64
}

func read(pid int) (s stat, ok bool) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return s, false
	}
	// The second field is the program's name in parentheses, which may hold anything.
	end := bytes.LastIndexByte(text, ')')
	if end < 0 {
		return s, false
	}
	fields := strings.Fields(string(text[end+1:])) // from the third field on
	const state, parent, user, system, threads, resident = 0, 1, 11, 12, 17, 21
	if len(fields) <= resident || fields[state] == "Z" {
		return s, false
	}
	number := func(i int) int64 { n, _ := strconv.ParseInt(fields[i], 10, 64); return n }
	return stat{
		parent: int(number(parent)), threads: int(number(threads)),
		cpu:      time.Duration(number(user)+number(system)) * ticks,
		resident: number(resident) * int64(os.Getpagesize()),
	}, true
}

// Proportional gives the memory of processes in bytes so that what several share counts once. It is not known when one
// of them does not let itself be looked at; and it takes much longer than Measure.
func Proportional(pids []int) (size int64, known bool) {
	for _, pid := range pids {
		text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/smaps_rollup")
		if os.IsNotExist(err) {
			continue
		}
		_, after, found := strings.Cut(string(text), "\nPss:")
		if err != nil || !found {
			if _, alive := read(pid); alive {
				return 0, false
			}
			continue
		}
		if fields := strings.Fields(after); len(fields) > 0 {
			kilobytes, _ := strconv.ParseInt(fields[0], 10, 64)
			size += kilobytes << 10
		}
	}
	return size, true
}

// TasksOf counts the processes and threads of a user.
func TasksOf(user uint32) int {
	tasks := 0
	for _, pid := range everyone() {
		info, err := os.Stat("/proc/" + strconv.Itoa(pid))
		if err != nil {
			continue
		}
		if owner, ok := info.Sys().(*syscall.Stat_t); ok && owner.Uid == user {
			s, _ := read(pid)
			tasks += s.threads
		}
	}
	return tasks
}
