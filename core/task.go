package core

import (
	"time"
	"unicode/utf8"
)

// TaskKind says what a task calls.
type TaskKind string

// The kinds of task.
const (
	KindHTTP   TaskKind = "http"   // an HTTP callback
	KindPlugin TaskKind = "plugin" // a task inside an uploaded plugin package
)

// TaskState says whether a task's schedule is in force.
type TaskState string

// The states of a task. Only running tasks fire. Deleted tasks stay, for the history that names them.
const (
	TaskStopped TaskState = "stopped"
	TaskRunning TaskState = "running"
	TaskPaused  TaskState = "paused"
	TaskDeleted TaskState = "deleted"
)

// Task is a saved definition: what to call, when, by which rules.
type Task struct {
	ID        string `audit:"-"`
	Namespace string
	Kind      TaskKind
	Title     string
	Remark    string
	// Labels are short words that people group tasks by. They are no part of what a version fixes: they change in any state.
	Labels []string
	State  TaskState
	// Version is raised by start, resume and edit, so that a run planned under an older definition cannot be taken for
	// one of the newer.
	Version int64

	Definition

	// NextDue is the first due instant not yet planned; zero when there is none.
	NextDue time.Time `audit:"-"`

	CreatedBy     int64     `audit:"-"`
	CreatedByName string    `audit:"-"`
	CreatedAt     time.Time `audit:"-"`
	UpdatedAt     time.Time `audit:"-"`

	Stats TaskStats `audit:"-"`
}

// Definition is the part of a task that its version fixes: two reads of the same task and version give the same
// definition, so it can be cached without asking again.
type Definition struct {
	Schedule  Schedule    `json:"schedule"`
	Callback  *Callback   `json:"callback,omitempty"`
	Plugin    *PluginCall `json:"plugin,omitempty"`
	Params    []Param     `json:"params,omitempty"`
	Children  []string    `json:"children,omitempty"`  // ids of the tasks fired when a run succeeds
	Keepers   []int64     `json:"keepers,omitempty"`   // users told when the task fails
	Executors []string    `json:"executors,omitempty"` // workers that may run it; none: any
	Routing   Routing     `json:"routing,omitzero"`
	Retry     RetryPolicy `json:"retry"`
	Overlap   Overlap     `json:"overlap"`
	// OverlapWaiting is how many firings may wait for an unfinished one, with OverlapQueue. Zero means
	// DefaultOverlapWaiting.
	OverlapWaiting int     `json:"overlapWaiting,omitempty"`
	Misfire        Misfire `json:"misfire"`
	// MisfireAfter is how late a cron or interval firing may be sent; later it is missed. Zero means
	// DefaultMisfireAfter.
	MisfireAfter time.Duration `json:"misfireAfter,omitempty"`
	// MisfireCatchUp is how many missed firings are made up for, with MisfireCatchUp. Zero means DefaultMisfireCatchUp.
	MisfireCatchUp int `json:"misfireCatchUp,omitempty"`
	// AtMostOnce asks that a run lost with its worker is not done again.
	AtMostOnce bool `json:"atMostOnce,omitempty"`
	// Origin says where the task was brought from; nil for one that was created here.
	Origin *Origin `json:"origin,omitempty" audit:"-"`
}

// TaskStats is what is counted of a task's finished runs.
type TaskStats struct {
	Runs        int64     // runs that were sent and ended, of every outcome
	LastRunAt   time.Time // when the last of them was sent; zero when none was
	LastOutcome RunState  // how the last of them ended
}

// Param is one named value given to a task, or one field of a form.
type Param struct {
	Key    string `json:"ParamKey" audit:"as=key"`
	Value  string `json:"ParamValue" audit:"as=value"`
	Remark string `json:"ParamRemark,omitempty" audit:"as=remark"`
}

// The limits of a task's own fields, in characters.
const (
	MaxTitle     = 200
	MaxRemark    = 500
	MaxChildren  = 100
	MaxKeepers   = 100
	MaxExecutors = 100
	MaxParams    = 100
)

// Validate checks all that can be checked without a database: presence, lengths, combinations. Field names are those
// of the JSON API; the form API maps them to its own.
func (t *Task) Validate() error {
	if err := checkText("title", t.Title, 1, MaxTitle); err != nil {
		return err
	}
	if err := checkText("remark", t.Remark, 0, MaxRemark); err != nil {
		return err
	}
	if err := CheckTaskLabels(t.Labels); err != nil {
		return err
	}
	if err := t.validateTarget(); err != nil {
		return err
	}
	if err := t.Schedule.Validate(); err != nil {
		return err
	}
	if err := t.Retry.validate(); err != nil {
		return err
	}
	if err := t.validateOverlap(); err != nil {
		return err
	}
	if err := t.validateMisfire(); err != nil {
		return err
	}
	return t.validateLists()
}

func (t *Task) validateTarget() error {
	switch t.Kind {
	case KindHTTP:
		if t.Callback == nil {
			return Broken("callback", "is required for a task of kind http")
		}
		if t.Plugin != nil {
			return Broken("plugin", "goes with a task of kind plugin only")
		}
		return t.Callback.Validate()
	case KindPlugin:
		if t.Plugin == nil {
			return Broken("plugin", "is required for a task of kind plugin")
		}
		if t.Callback != nil {
			return Broken("callback", "goes with a task of kind http only")
		}
		return t.Plugin.validate()
	default:
		return Broken("kind", "must be http or plugin")
	}
}

func (t *Task) validateLists() error {
	for _, l := range []struct {
		field    string
		n, limit int
	}{
		{"children", len(t.Children), MaxChildren},
		{"keepers", len(t.Keepers), MaxKeepers},
		{"params", len(t.Params), MaxParams},
	} {
		if l.n > l.limit {
			return Broken(l.field, "has %d entries; at most %d are allowed", l.n, l.limit)
		}
	}
	for _, p := range t.Params {
		if err := checkText("params", p.Key, 1, 200); err != nil {
			return err
		}
		if err := checkText("params", p.Value, 0, 4000); err != nil {
			return err
		}
		if err := checkText("params", p.Remark, 0, MaxRemark); err != nil {
			return err
		}
	}
	if err := checkExecutors(t.Executors); err != nil {
		return err
	}
	return t.Routing.validate(t.Executors)
}

func checkExecutors(names []string) error {
	if len(names) > MaxExecutors {
		return Broken("executors", "has %d entries; at most %d are allowed", len(names), MaxExecutors)
	}
	for _, name := range names {
		if err := checkText("executors", name, 1, MaxNodeName); err != nil {
			return err
		}
	}
	return nil
}

// checkText checks that s is UTF-8 and between least and most characters long.
func checkText(field, s string, least, most int) error {
	if !utf8.ValidString(s) {
		return Malformed(field, "is not valid UTF-8")
	}
	n := utf8.RuneCountInString(s)
	if n < least {
		return Broken(field, "is required")
	}
	if n > most {
		return Broken(field, "has %d characters; at most %d are allowed", n, most)
	}
	return nil
}
