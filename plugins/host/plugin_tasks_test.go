package host

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pluginpb "github.com/carillonhq/carillon/plugins/sdk/proto"
)

// testTasks are the tasks of the tests' plugin.
func testTasks() map[string]func(*job) error {
	return map[string]func(*job) error{
		"greet": func(j *job) error { return j.result(map[string]any{"greeting": "Hello, " + j.text("name")}) },
		"echo": func(j *job) error {
			s := j.start
			return j.result(map[string]any{
				"params": j.params, "run": s.GetRunId(), "occurrence": s.GetOccurrenceId(), "attempt": s.GetAttempt(), "task": s.GetTaskId(),
				"trigger": s.GetTrigger(), "due": s.GetDue(), "deadline": s.GetDeadline(), "shard": s.GetShard(), "shards": s.GetShards(),
				"hasParent": s.GetHasParent(), "parent": string(s.GetParentResult()), "files": s.GetFiles(), "work": s.GetWork(),
			})
		},
		"talk": func(j *job) error {
			for i := range 3 {
				j.say([]string{"debug", "info", "warn"}[i], fmt.Sprintf("line %d", i))
				j.progress(int32(50 * i))
			}
			j.progress(100)
			return j.result(nil)
		},
		"next": func(j *job) error {
			j.next(1)
			j.next(int64(j.number("at")))
			if text := j.text("error"); text != "" {
				return j.send(&pluginpb.Result{Error: text})
			}
			return j.result(nil)
		},
		"fail": func(j *job) error {
			return j.send(&pluginpb.Result{Error: j.text("error"), Retryable: true, RetryAfterMs: 1500, Value: []byte(`{"partly":true}`)})
		},
		"big":       func(j *job) error { return j.result(strings.Repeat("x", j.number("bytes")-2)) },
		"malformed": func(j *job) error { return j.send(&pluginpb.Result{Value: []byte("{")}) },
		"nothing":   func(*job) error { return nil },
		"error":     func(*job) error { return status.Error(codes.Unknown, "an exception of the plugin's language") },
		"huge":      func(j *job) error { return j.send(&pluginpb.Result{Value: bytes.Repeat([]byte{'1'}, maxMessage+1)}) },

		"wait":  wait,
		"hang":  func(j *job) error { j.say("info", "hanging"); forever(); return nil },
		"crash": crash,
		"who":   who,
		"print": func(j *job) error {
			for i := range j.number("lines") {
				fmt.Printf("printed %d %s\n", i, strings.Repeat(".", j.number("width")))
				fmt.Fprintf(os.Stderr, "complained %d\n", i)
			}
			return j.result(nil)
		},
		"flood": func(j *job) error {
			for i := range j.number("lines") {
				j.say("info", fmt.Sprintf("flooding %d", i))
			}
			return j.result(nil)
		},
		"leak": leak,
		"spin": func(*job) error {
			for {
				runtime.Gosched()
			}
		},
		"spawn": spawn,
		"open":  openFiles,
	}
}

func taskNames() []string { return slices.Sorted(maps.Keys(testTasks())) }

// wait waits to be cancelled, and then does what it is asked to.
func wait(j *job) error {
	j.say("info", "waiting")
	c := <-j.cancelled
	j.say("info", fmt.Sprintf("cancelled: %s, within %d ms", c.GetReason(), c.GetGraceMs()))
	switch j.text("then") {
	case "succeed":
		return j.result("done")
	case "exit":
		os.Exit(7)
	case "stay":
		forever()
	}
	return j.send(&pluginpb.Result{Error: "the handler was cancelled", Value: []byte(`"half"`)})
}

func crash(j *job) error {
	switch j.text("how") {
	case "panic":
		go func() { panic("nobody recovers from this") }()
		forever()
	case "kill":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case "supervisor":
		if syscall.Kill(os.Getppid(), syscall.SIGKILL) != nil {
			os.Exit(9)
		}
		forever()
	case "disconnect":
		for fd := 3; fd < 100; fd++ {
			_ = syscall.Shutdown(fd, syscall.SHUT_RDWR) // those that are no sockets do not mind
		}
		forever()
	}
	_, _ = syscall.Write(2, []byte("the last straw\n")) // os.Stderr is go-plugin's
	os.Exit(j.number("status"))
	return nil
}

// identityOf is what the task who tells.
type identityOf struct {
	Pid, Parent, Session, UID, GID int
	Env, Fds                       []string
	Dir, Status                    string
	Limits                         map[string]uint64
	Written, Readable, Ignored     bool
}

// who tells what the process is and has.
func who(j *job) error {
	var fds []string
	entries, _ := os.ReadDir("/proc/self/fd")
	for _, e := range entries {
		target, err := os.Readlink("/proc/self/fd/" + e.Name())
		if err == nil {
			fds = append(fds, target)
		}
	}
	dir, _ := os.Getwd()
	limits := map[string]uint64{}
	for name, resource := range map[string]int{"core": syscall.RLIMIT_CORE, "cpu": syscall.RLIMIT_CPU, "files": syscall.RLIMIT_NOFILE, "address": syscall.RLIMIT_AS} {
		var l syscall.Rlimit
		_ = syscall.Getrlimit(resource, &l)
		limits[name] = l.Max
	}
	session, _, _ := syscall.Syscall(syscall.SYS_GETSID, 0, 0, 0)
	text, _ := os.ReadFile("/proc/self/status")
	written := os.WriteFile(j.start.GetFiles()+"/written", nil, 0o600) == nil
	_, readable := os.ReadDir(j.text("readable"))
	return j.result(map[string]any{
		"pid": os.Getpid(), "parent": os.Getppid(), "session": session, "uid": os.Getuid(), "gid": os.Getgid(), "env": os.Environ(), "fds": fds,
		"dir": dir, "limits": limits, "status": string(text), "written": written, "readable": readable == nil, "ignored": signal.Ignored(syscall.SIGINT),
	})
}

func leak(j *job) error {
	var kept [][]byte
	for total := 0; total < j.number("mib"); total += 8 {
		b := make([]byte, 8<<20)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		kept = append(kept, b)
	}
	if j.text("then") == "stay" {
		forever()
	}
	runtime.KeepAlive(kept)
	go func() { time.Sleep(time.Hour); runtime.KeepAlive(kept) }()
	return j.result(nil)
}

// spawn starts daemons and tells their process ids' files.
func spawn(j *job) error {
	for i := range j.number("count") {
		daemonize(j.text("dir"), fmt.Sprintf("daemon%d", i), j.text("env") == "kept")
	}
	if j.text("then") != "return" {
		forever()
	}
	return j.result(nil)
}

// openFiles opens files until it may not.
func openFiles(j *job) error {
	n := 0
	var files []*os.File
	for ; n < 100_000; n++ {
		f, err := os.Open("/dev/null")
		if err != nil {
			break
		}
		files = append(files, f)
	}
	for _, f := range files {
		_ = f.Close()
	}
	return j.result(n)
}
