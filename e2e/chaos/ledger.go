package chaos

import (
	"sync"

	"github.com/carillonhq/carillon/e2e/chaos/evidence"
)

// ledger keeps what was asked of the cluster and what it answered.
type ledger struct {
	mu      sync.Mutex
	tasks   []*evidence.Task
	delayed []evidence.Delayed
}

// addTask notes a task whose creation was acknowledged.
func (l *ledger) addTask(t *evidence.Task) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tasks = append(l.tasks, t)
}

// addMove notes a call that moved a task.
func (l *ledger) addMove(t *evidence.Task, m evidence.Move) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t.Moves = append(t.Moves, m)
}

// addDelayed notes the creation of a delayed task, acknowledged or not.
func (l *ledger) addDelayed(d evidence.Delayed) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.delayed = append(l.delayed, d)
}

// fill puts everything into evidence.
func (l *ledger) fill(e *evidence.Evidence) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, t := range l.tasks {
		e.Tasks = append(e.Tasks, *t)
	}
	e.Delayed = append(e.Delayed, l.delayed...)
}
