package supervise

import (
	"encoding/json"
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/carillonhq/carillon/plugins/host/proctree"
)

// child is one that ended.
type child struct {
	pid    int
	status syscall.WaitStatus
	cpu    time.Duration
}

// reap waits for all children, those that became so included, and closes the channel when there are none.
func reap() <-chan child {
	ended := make(chan child)
	go func() {
		defer close(ended)
		for {
			var c child
			var used syscall.Rusage
			var err error
			c.pid, err = syscall.Wait4(-1, &c.status, 0, &used)
			switch err {
			case nil:
				c.cpu = time.Duration(used.Utime.Nano() + used.Stime.Nano())
				ended <- c
			case syscall.EINTR:
			default:
				return
			}
		}
	}()
	return ended
}

// attend waits until nothing is left of the tree, and kills it when it must end.
func (s *supervisor) attend(over <-chan struct{}, tell *json.Encoder) {
	children := reap()
	look := s.watch()
	defer look.Stop()
	var limit string
	var kill *time.Ticker
	var again <-chan time.Time
	end := func() {
		if kill == nil {
			look.Stop()
			kill = time.NewTicker(killInterval)
			again = kill.C
			s.kill()
		}
		over = nil
	}
	for {
		select {
		case c, more := <-children:
			if !more {
				s.remove()
				return
			}
			if c.pid == s.pid {
				_ = tell.Encode(Report{Exited: s.exit(c, limit)})
				end()
			}
		case <-look.C():
			if limit = s.exceeded(look); limit != "" {
				end()
			}
		case <-over:
			end()
		case <-again:
			s.kill()
		}
	}
}

// killInterval is how often all that is left is killed again: what was born meanwhile, too.
const killInterval = 10 * time.Millisecond

func (s *supervisor) kill() {
	if s.cgroup != nil {
		s.cgroup.kill()
	}
	for _, pid := range proctree.Descendants(os.Getpid()) {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

func (s *supervisor) remove() {
	if s.cgroup != nil {
		s.cgroup.remove()
	}
}

// exit says how the plugin ended, and by which limit if it was one.
func (s *supervisor) exit(c child, limit string) *Exit {
	e := &Exit{Code: c.status.ExitStatus(), Limit: limit}
	if !c.status.Signaled() {
		return e
	}
	e.Code, e.Signal = 0, unix.SignalName(c.status.Signal())
	if limit != "" {
		return e
	}
	if most := s.spec.Limits.CPUSeconds; most > 0 && c.cpu >= time.Duration(most)*time.Second {
		e.Limit = fmt.Sprintf("the process used its %d s of CPU time", most)
	}
	if s.cgroup != nil && s.cgroup.outOfMemory() {
		e.Limit = fmt.Sprintf("the process used its %s of memory", bytesText(s.spec.Limits.Memory))
	}
	return e
}
