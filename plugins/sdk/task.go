package sdk

import (
	"context"
	"errors"
	"fmt"
)

// Handler performs one run of a task. Several may be under way at once, of one task too.
//
// What it returns is left to the task's children as JSON, at most MaxResult bytes of it; nil leaves nothing. An error, or a
// panic, fails the run, and the task's retry policy says whether it is tried again: see Permanent and RetryAfter.
//
// ctx is cancelled when the run is to end: it was stopped, its time is over, or its worker lost its lease. context.Cause
// gives a *Cancelled that says which. The handler has the grace that stands there to return; after that the process is
// killed, and all it started with it.
type Handler func(ctx context.Context, run *Run) (result any, err error)

// Task is one task of a plugin.
type Task struct {
	// Name is what the manifest, plugin.yaml, calls it.
	Name string
	// Run performs a run of it.
	Run Handler
	// Setup, when there is one, is called once in a process, before the task's first run. That run waits for it, and so do
	// those that come meanwhile. When it fails they fail, and the next run calls it again. Its ctx lives as long as the
	// process serves.
	Setup func(ctx context.Context) error
	// Teardown, when there is one, is called before the process ends, when a run of the task came so far. It has the grace
	// that the worker gives (plugin_grace, 5 seconds unless configured), which all teardowns of the process share and after
	// which its ctx is over and the process is killed. A process that crashes or is killed is not torn down; so nothing that
	// must happen may be left to it.
	Teardown func(ctx context.Context) error
}

// checkTasks says what is wrong with how a program registers its tasks.
func checkTasks(tasks []Task) error {
	if len(tasks) == 0 {
		return errors.New("a plugin needs a task")
	}
	seen := map[string]bool{}
	for i, task := range tasks {
		switch {
		case task.Name == "":
			return fmt.Errorf("task %d has no Name", i+1)
		case task.Run == nil:
			return fmt.Errorf("task %q has no Run", task.Name)
		case seen[task.Name]:
			return fmt.Errorf("two tasks have the name %q", task.Name)
		}
		seen[task.Name] = true
	}
	return nil
}
