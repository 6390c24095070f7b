package compat

import (
	"maps"
	"net/url"
	"slices"
	"time"

	"github.com/carillonhq/carillon/core"
)

// ReadTask reads a task from the fields that a client of ScheduleMaster would create it with, by the rules of the form API:
// what can be brought over from elsewhere is what could have been sent. The task is not checked by rules that need more
// than its fields. An error names the field.
func ReadTask(fields url.Values, zone *time.Location) (*core.Task, error) {
	f, err := formOf(fields)
	if err != nil {
		return nil, err
	}
	t := &core.Task{}
	if err := readTask(&f, zone, t); err != nil {
		return nil, err
	}
	return t, InTaskForm(t.Validate())
}

// ReadDelayed reads a delayed task, but for its due instant, as ReadTask does a task. What it leaves out the service fills.
func ReadDelayed(fields url.Values) (*core.DelayedTask, error) {
	f, err := formOf(fields)
	if err != nil {
		return nil, err
	}
	return readDelayed(&f)
}

// InTaskForm gives err with the name that its field has in the form of a task.
func InTaskForm(err error) error { return inForm(err, taskFields) }

// InDelayedForm gives err with the name that its field has in the form of a delayed task.
func InDelayedForm(err error) error { return inForm(err, delayedFields) }

// formOf makes a form of fields that did not come in a request.
func formOf(fields url.Values) (form, error) {
	var s scratch
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		for _, value := range fields[name] {
			s.add(name, []byte(value))
		}
	}
	f := form{text: string(s.raw), spans: s.spans}
	err := f.check()
	return f, err
}
