package chaos

import (
	"fmt"
	"slices"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/e2e/chaos/evidence"
)

// misfireAfter is how late the firings of tasks may be that the load has misfire: less than what a death holds up, and more
// than what a busy machine does.
const misfireAfter = 6 * time.Second

// taskRetries is how often a task's failed run is tried again.
const taskRetries = 2

// drawn is a task that was drawn, with the number of children one below the other.
type drawn struct {
	*evidence.Task
	children int
}

// kind draws a task of one kind. moved says that it will be stopped and started.
type kind func(l *taskLoad, moved bool) drawn

// kinds are all kinds, the most usual one more often. A run of so many tasks has each of them.
func kinds() []kind {
	return slices.Concat(slices.Repeat([]kind{(*taskLoad).plain}, 12), []kind{
		(*taskLoad).flaky, (*taskLoad).failing,
		(*taskLoad).queued, (*taskLoad).crowded, (*taskLoad).queuedLong,
		(*taskLoad).replaced, (*taskLoad).replacedOften, (*taskLoad).replacedLong,
		(*taskLoad).broadcast, (*taskLoad).broadcastLong,
		(*taskLoad).sharded, (*taskLoad).shardedLong, (*taskLoad).shardedQueue,
		misfiring(core.MisfireSkip, 0), misfiring(core.MisfireFireOnce, 0), misfiring(core.MisfireCatchUp, 3), misfiring(core.MisfireCatchUp, 0),
	})
}

// plain draws a task that fires to one worker and is not queued or replaced. One without a child may ask for at most once;
// whatever is to have a child succeeds mostly.
func (l *taskLoad) plain(moved bool) drawn {
	t := &evidence.Task{Every: []int{1, 1, 2, 2, 3, 5, 5, 10}[l.IntN(8)], Overlap: core.OverlapAllow, Path: "/ok"}
	if l.IntN(3) > 0 {
		t.Overlap = core.OverlapForbid
	}
	children := 0
	switch share := l.IntN(100); {
	case share < 25:
		children = 1 + l.IntN(2)
	case share < 35 && !moved:
		t.Once = true
	case share < 45:
		t.Path = lasting(l.Rand)
	case share < 70:
		// Longer than its period at times, so that conflicts are usual and there is always something under way.
		t.Path = l.slow(200, 1500)
	case share < 77:
		t.Path = "/bad"
	case share < 81:
		t.Path = "/hang"
	case share < 85:
		t.Path = "/reset"
	}
	if children > 0 && l.IntN(2) == 0 {
		t.Path = l.slow(100, 700)
	}
	return drawn{t, children}
}

// child draws a child: some fail at first, so that a chain hangs on a retry.
func (l *taskLoad) child() *evidence.Task {
	if l.IntN(3) == 0 {
		return &evidence.Task{Overlap: core.OverlapAllow, Path: "/flaky", Retries: taskRetries}
	}
	return &evidence.Task{Overlap: core.OverlapAllow, Path: "/ok"}
}

func (l *taskLoad) flaky(bool) drawn {
	return drawn{&evidence.Task{Every: 2, Overlap: core.OverlapAllow, Path: "/flaky", Retries: taskRetries}, 2}
}

func (l *taskLoad) failing(bool) drawn {
	return drawn{&evidence.Task{Every: 5, Overlap: core.OverlapForbid, Path: "/bad", Retries: taskRetries}, 0}
}

// queued waits only behind what a fault held up.
func (l *taskLoad) queued(bool) drawn {
	return drawn{&evidence.Task{Every: 2, Overlap: core.OverlapQueue, Path: l.slow(300, 1500)}, 1}
}

// crowded always has as many waiting as may.
func (l *taskLoad) crowded(bool) drawn {
	return drawn{&evidence.Task{Every: 1, Overlap: core.OverlapQueue, Waiting: 2, Path: l.slow(1200, 1800)}, 0}
}

func (l *taskLoad) queuedLong(bool) drawn {
	return drawn{&evidence.Task{Every: 5, Overlap: core.OverlapQueue, Waiting: 3, Path: lasting(l.Rand)}, 0}
}

func (l *taskLoad) replaced(bool) drawn {
	return drawn{&evidence.Task{Every: 2, Overlap: core.OverlapReplace, Path: l.slow(500, 4000)}, 1}
}

// replacedOften is replaced by every firing but the last.
func (l *taskLoad) replacedOften(bool) drawn {
	return drawn{&evidence.Task{Every: 1, Overlap: core.OverlapReplace, Path: l.slow(2000, 5000)}, 0}
}

func (l *taskLoad) replacedLong(bool) drawn {
	return drawn{&evidence.Task{Every: 10, Overlap: core.OverlapReplace, Path: lasting(l.Rand)}, 0}
}

func (l *taskLoad) broadcast(bool) drawn { return l.spread(core.RouteBroadcast, l.slow(100, 700), 1) }

func (l *taskLoad) broadcastLong(bool) drawn {
	return l.spread(core.RouteBroadcast, lasting(l.Rand), 0)
}

func (l *taskLoad) sharded(bool) drawn { return l.spread(core.RouteSharded, l.slow(100, 900), 1) }

func (l *taskLoad) shardedLong(bool) drawn { return l.spread(core.RouteSharded, lasting(l.Rand), 1) }

func (l *taskLoad) shardedQueue(bool) drawn {
	d := l.spread(core.RouteSharded, l.slow(500, 2500), 0)
	d.Overlap, d.Every = core.OverlapQueue, 2
	return d
}

func (l *taskLoad) spread(strategy core.Strategy, path string, children int) drawn {
	return drawn{&evidence.Task{Every: 5, Overlap: core.OverlapForbid, Spread: strategy, Path: path}, children}
}

func misfiring(policy core.Misfire, catchUp int) kind {
	return func(*taskLoad, bool) drawn {
		return drawn{&evidence.Task{
			Every: 1, Overlap: core.OverlapAllow, Misfire: policy, MisfireAfter: misfireAfter, CatchUp: catchUp, Path: "/ok",
		}, 0}
	}
}

// slow draws a path that takes so many milliseconds.
func (l *taskLoad) slow(least, most int) string {
	return fmt.Sprintf("/slow/%d", least+l.IntN(most-least))
}
