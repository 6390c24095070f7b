package v1

import (
	"github.com/carillonhq/carillon/core"
)

// Task is a saved definition: what to call, when, by which rules. The fields up to AtMostOnce can be written; the rest is
// read-only and ignored when it is given, so that what was read can be changed and put back.
type Task struct {
	Kind           string      `json:"kind"`
	Title          string      `json:"title"`
	Remark         string      `json:"remark,omitempty"`
	Labels         []string    `json:"labels,omitempty"`
	Schedule       Schedule    `json:"schedule"`
	Callback       *Callback   `json:"callback,omitempty"`
	Plugin         *PluginCall `json:"plugin,omitempty"`
	Params         []Param     `json:"params,omitempty"`
	Children       []string    `json:"children,omitempty"`
	Keepers        []int64     `json:"keepers,omitempty"`
	Executors      []string    `json:"executors,omitempty"`
	Routing        *Routing    `json:"routing,omitempty"`
	Retry          *Retry      `json:"retry,omitempty"`
	Overlap        string      `json:"overlap,omitempty"`
	OverlapWaiting int         `json:"overlapWaiting,omitempty"`
	Misfire        string      `json:"misfire,omitempty"`
	MisfireAfter   Duration    `json:"misfireAfter,omitempty"`
	MisfireCatchUp int         `json:"misfireCatchUp,omitempty"`
	AtMostOnce     bool        `json:"atMostOnce,omitempty"`
	// Version can be given at an edit: the version that the edit was made from.
	Version int64 `json:"version,omitempty"`

	ID            string     `json:"id,omitempty"`
	Namespace     string     `json:"namespace,omitempty"`
	State         string     `json:"state,omitempty"`
	NextDue       Instant    `json:"nextDue,omitempty"`
	Upcoming      []Instant  `json:"upcoming,omitempty"`
	CreatedBy     int64      `json:"createdBy,omitempty"`
	CreatedByName string     `json:"createdByName,omitempty"`
	CreatedAt     Instant    `json:"createdAt,omitempty"`
	UpdatedAt     Instant    `json:"updatedAt,omitempty"`
	Stats         *TaskStats `json:"stats,omitempty"`
	Origin        *Origin    `json:"origin,omitempty"`
	// Warnings say what of a create or an edit was taken although it may not be meant.
	Warnings []string `json:"warnings,omitempty"`
}

// Origin says where a task was brought from, and how it stood then.
type Origin struct {
	System  string `json:"system"`
	Mark    string `json:"mark"`
	Version int64  `json:"version"`
}

// TaskStats is what is counted of a task's finished runs.
type TaskStats struct {
	Runs        int64   `json:"runs"`
	LastRunAt   Instant `json:"lastRunAt,omitempty"`
	LastOutcome string  `json:"lastOutcome,omitempty"`
}

// taskOf gives a task as the API shows it, without what only the services know.
func taskOf(t *core.Task) *Task {
	out := &Task{
		Kind: string(t.Kind), Title: t.Title, Remark: t.Remark, Labels: t.Labels, Schedule: scheduleOf(t.Schedule), Callback: callbackOf(t.Callback), Plugin: pluginCallOf(t.Plugin),
		Params: paramsOf(t.Params), Children: t.Children, Keepers: t.Keepers, Executors: t.Executors, Routing: routingOf(t.Routing), Retry: retryOf(t.Retry),
		Overlap: string(t.Overlap), OverlapWaiting: t.OverlapWaiting, Misfire: string(t.Misfire), MisfireAfter: durationOf(t.MisfireAfter), MisfireCatchUp: t.MisfireCatchUp, AtMostOnce: t.AtMostOnce,
		Version: t.Version,

		ID: t.ID, Namespace: t.Namespace, State: string(t.State), NextDue: instantOf(t.NextDue), CreatedBy: t.CreatedBy,
		CreatedByName: t.CreatedByName, CreatedAt: instantOf(t.CreatedAt), UpdatedAt: instantOf(t.UpdatedAt),
		Stats: &TaskStats{t.Stats.Runs, instantOf(t.Stats.LastRunAt), string(t.Stats.LastOutcome)},
	}
	if t.Origin != nil {
		out.Origin = &Origin{t.Origin.System, t.Origin.Mark, t.Origin.Version}
	}
	return out
}

// core gives what of a task can be written. earlier is the task that is edited, nil at a create.
func (t *Task) core(earlier *core.Task) (*core.Task, error) {
	var v values
	var before *core.Callback
	var origin *core.Origin // which nobody can write, and an edit leaves as it is
	if earlier != nil {
		before, origin = earlier.Callback, earlier.Origin
	}
	out := &core.Task{
		Kind: core.TaskKind(t.Kind), Title: t.Title, Remark: t.Remark, Labels: t.Labels, Version: t.Version,
		Definition: core.Definition{
			Schedule: t.Schedule.core(&v), Callback: t.Callback.core(&v, before), Plugin: t.Plugin.core(&v), Params: params(t.Params), Children: t.Children,
			Keepers: t.Keepers, Executors: t.Executors, Routing: t.Routing.core(), Retry: t.Retry.core(&v), Overlap: core.Overlap(t.Overlap), OverlapWaiting: t.OverlapWaiting,
			Misfire: core.Misfire(t.Misfire), MisfireAfter: v.duration("misfireAfter", t.MisfireAfter), MisfireCatchUp: t.MisfireCatchUp,
			AtMostOnce: t.AtMostOnce, Origin: origin,
		},
	}
	return out, v.err
}
