package supervise

import (
	"fmt"
	"os"
	"time"

	"github.com/carillonhq/carillon/plugins/host/proctree"
)

// How often the tree is looked at: often while it works, seldom while it waits.
const (
	watchShortest = 100 * time.Millisecond
	watchLongest  = 500 * time.Millisecond
)

// watch is a timer for looks at the tree.
type watch struct {
	timer *time.Timer
	pause time.Duration
	cpu   time.Duration // used at the last look
}

// watch looks after what belongs to the tree as a whole, if any of it is limited.
func (s *supervisor) watch() *watch {
	w := &watch{pause: watchShortest}
	if s.spec.Limits.Memory > 0 || s.spec.Limits.Processes > 0 {
		w.timer = time.NewTimer(w.pause)
	}
	return w
}

func (w *watch) C() <-chan time.Time {
	if w.timer == nil {
		return nil
	}
	return w.timer.C
}

func (w *watch) Stop() {
	if w.timer != nil {
		w.timer.Stop()
	}
}

// next sets the timer for the next look.
func (w *watch) next(used proctree.Usage) {
	w.pause = min(2*w.pause, watchLongest)
	if used.CPU != w.cpu {
		w.pause = watchShortest
	}
	w.cpu = used.CPU
	w.timer.Reset(w.pause)
}

// exceeded looks at the tree and says which limit it exceeds, if any.
func (s *supervisor) exceeded(w *watch) string {
	pids := proctree.Descendants(os.Getpid())
	used := proctree.Measure(pids)
	defer w.next(used)
	l := s.spec.Limits
	if l.Processes > 0 && used.Tasks > l.Processes {
		return fmt.Sprintf("the process had %d processes and threads, and %d are allowed", used.Tasks, l.Processes)
	}
	if l.Memory == 0 || used.Resident <= l.Memory {
		return ""
	}
	// What processes share was counted for each. Only now it is worth the time to count exactly.
	size := used.Resident
	if exact, known := proctree.Proportional(pids); known {
		size = exact
	}
	if size <= l.Memory {
		return ""
	}
	return fmt.Sprintf("the process used %s of memory, and %s are allowed", bytesText(size), bytesText(l.Memory))
}

func bytesText(n int64) string { return fmt.Sprintf("%d MiB", n>>20) }
