package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/e2e/chaos/evidence"
	v1 "github.com/carillonhq/carillon/master/api/v1"
)

const (
	// moveEvery is the pace at which tasks are paused, resumed, stopped and started.
	moveEvery = 1500 * time.Millisecond
	// movers is the share of tasks that this happens to: one in so many.
	movers = 3
)

// taskLoad creates tasks and moves some of them.
type taskLoad struct {
	*client
	*ledger
	*rand.Rand
	sink  string
	count int                       // of tasks tried, for their titles
	idle  map[*evidence.Task]string // tasks not in force, with the call that puts them in force again
	moved []*evidence.Task          // those that are moved, without those whose last call was not acknowledged
}

func newTaskLoad(c *client, l *ledger, seed uint64, sink string) *taskLoad {
	return &taskLoad{client: c, ledger: l, Rand: newRand(seed, 2), sink: sink, idle: map[*evidence.Task]string{}}
}

// createAll creates the tasks that a run begins with, of each kind in turn. The cluster is well, so every call must succeed.
func (l *taskLoad) createAll(ctx context.Context, tasks int) error {
	all := kinds()
	l.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] }) // so that any kind may be moved
	for n := range tasks {
		moved := n%movers == 0
		d := all[n%len(all)](l, moved)
		if err := l.createTop(ctx, d); err != nil {
			return err
		}
		if moved {
			l.moved = append(l.moved, d.Task)
		}
	}
	return nil
}

// createTop creates a task in force, with a chain of children below it.
func (l *taskLoad) createTop(ctx context.Context, d drawn) error {
	for range d.children {
		child := l.child()
		child.Child = d.Child
		if err := l.create(ctx, child); err != nil {
			return err
		}
		d.Child = child.ID
	}
	return l.create(ctx, d.Task)
}

// create creates and starts one task and notes it when that is acknowledged.
func (l *taskLoad) create(ctx context.Context, t *evidence.Task) error {
	l.count++
	t.Title = fmt.Sprintf("task %d, every %d s, %s, %s", l.count, t.Every, t.Path, strings.Join(policies(t), ", "))
	schedule := object{"kind": "cron", "cron": fmt.Sprintf("0/%d * * * * ?", t.Every), "zone": "UTC"}
	if t.Every == 0 {
		t.Title = fmt.Sprintf("task %d, a child", l.count)
		schedule["cron"] = "0 0 0 1 1 ? 2199" // a child must be in force to be fired by its parent
	}
	body := object{
		"kind": "http", "title": t.Title, "schedule": schedule, "atMostOnce": t.Once, "overlap": t.Overlap, "overlapWaiting": t.Waiting,
		"misfire": t.Misfire, "misfireAfter": t.MisfireAfter.String(), "misfireCatchUp": t.CatchUp, "routing": object{"strategy": t.Spread},
		"callback": object{"method": "POST", "url": l.sink + t.Path, "timeout": timeoutOf(t.Path), "body": "{}"},
		"retry":    object{"count": t.Retries, "delay": retryDelay.String()},
	}
	if t.Child != "" {
		body["children"] = []string{t.Child}
	}
	move := evidence.Move{Starts: true, Asked: time.Now(), Answer: evidence.Acknowledged}
	var created v1.Task
	if err := l.json(ctx, http.MethodPost, "/tasks?start=true", body, &created); err != nil {
		return err
	}
	if created.State != string(core.TaskRunning) {
		return fmt.Errorf("task %s was not started: %v", created.ID, created.Warnings)
	}
	move.Answered = time.Now()
	t.ID, t.Moves = created.ID, []evidence.Move{move}
	l.addTask(t)
	return nil
}

// policies names what a task has chosen, for people.
func policies(t *evidence.Task) []string {
	all := []string{string(t.Overlap)}
	for _, other := range []string{string(t.Spread), string(t.Misfire)} {
		if other != "" {
			all = append(all, other)
		}
	}
	if t.Once {
		all = append(all, "at most once")
	}
	return all
}

// lasting draws a path that takes well longer than a lease: what a worker does when it loses touch with the masters is seen
// only on runs that outlast it.
func lasting(r *rand.Rand) string { return fmt.Sprintf("/slow/%d", 15_000+r.IntN(10_000)) }

// timeoutOf is how long a callback to a path of the sink may take.
func timeoutOf(path string) string {
	if path == "/hang" {
		return "2s"
	}
	return fmt.Sprintf("%ds", callbackTimeout)
}

// callbackTimeout is that of a healthy target, in seconds: so long that only a worker which stands still runs out of it.
const callbackTimeout = 40

// run moves tasks until ctx ends.
func (l *taskLoad) run(ctx context.Context) {
	tick := time.NewTicker(moveEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if len(l.moved) == 0 {
			l.replace(ctx)
			continue
		}
		at := l.IntN(len(l.moved))
		if t := l.moved[at]; !l.move(ctx, t) {
			// It may be carried out at any later moment, so nothing more is asked of this task.
			l.moved = append(l.moved[:at], l.moved[at+1:]...)
			delete(l.idle, t)
			l.replace(ctx)
		}
	}
}

// replace creates a task to be moved in the place of one that is left alone.
func (l *taskLoad) replace(ctx context.Context) {
	all := kinds()
	d := all[l.IntN(len(all))](l, true)
	if err := l.createTop(ctx, d); err == nil {
		l.moved = append(l.moved, d.Task)
	}
}

// move pauses or stops a task, or puts it in force again. It says whether that was acknowledged.
func (l *taskLoad) move(ctx context.Context, t *evidence.Task) bool {
	again, idle := l.idle[t]
	call := again
	if !idle {
		call, again = "pause", "resume"
		if l.IntN(2) == 0 {
			call, again = "stop", "start"
		}
	}
	m := evidence.Move{Starts: idle, Asked: time.Now(), Answer: evidence.Acknowledged}
	if err := l.json(ctx, http.MethodPost, "/tasks/"+t.ID+"/"+call, nil, nil); err != nil {
		m.Answer = evidence.Unclear
	}
	m.Answered = time.Now()
	l.addMove(t, m)
	if idle {
		delete(l.idle, t)
	} else {
		l.idle[t] = again
	}
	return m.Answer == evidence.Acknowledged
}

// stopAll takes every task out of force that a schedule fires. The cluster is well again.
func (l *taskLoad) stopAll(ctx context.Context) error {
	l.ledger.mu.Lock()
	known := map[string]*evidence.Task{}
	for _, t := range l.tasks {
		known[t.ID] = t
	}
	l.ledger.mu.Unlock()
	tasks, err := list[v1.Task](ctx, l.client, "/tasks")
	if err != nil {
		return err
	}
	var errs []error
	for i := range tasks {
		t := known[tasks[i].ID]
		if t != nil && t.Every == 0 || tasks[i].State == string(core.TaskStopped) {
			continue
		}
		m := evidence.Move{Asked: time.Now(), Answer: evidence.Acknowledged}
		if err := l.json(ctx, http.MethodPost, "/tasks/"+tasks[i].ID+"/stop", nil, nil); err != nil {
			errs = append(errs, fmt.Errorf("stop a task once all is well: %w", err))
			m.Answer = evidence.Unclear
		}
		if m.Answered = time.Now(); t != nil {
			l.addMove(t, m)
		}
	}
	return errors.Join(errs...)
}
