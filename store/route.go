package store

import (
	"context"

	"github.com/carillonhq/carillon/core"
)

// Route gives the queue of a run that may go to a destination; of a firing that goes to all workers a queue for each. It
// gives core.QueueUnrouted when none is there yet that may be chosen. A destination with a Last has one queue, for the run
// in question alone.
type Route func(core.Destination) []string

// destination says where a task's run may go; last is the worker that had the occurrence's last run, or "".
func destination(taskID string, def *core.Definition, last string) core.Destination {
	return core.Destination{TaskID: taskID, Executors: def.Executors, Routing: def.Routing, Plugin: def.Plugin != nil, Last: last}
}

// fire makes the runs of a task's new firing out of its first, which has everything but a queue. All of them must be
// written by the transaction that makes the firing: what another master would choose may differ.
func fire(first *core.Run, def *core.Definition, route Route) []*core.Run {
	queues := route(destination(first.TaskID, def, ""))
	if !def.Routing.Spreads() {
		first.Queue = queues[0]
		return []*core.Run{first}
	}
	first.ID = core.ShardID(first.ID, 0)
	first.OccurrenceID = first.ID
	if queues[0] == core.QueueUnrouted {
		first.Queue = core.QueueUnrouted // Spread makes shards of it when workers are there
		return []*core.Run{first}
	}
	return shards(first, queues)
}

// shards makes a run for each queue out of the first, which it changes.
func shards(first *core.Run, queues []string) []*core.Run {
	queues = queues[:min(len(queues), core.MaxShards)]
	runs := make([]*core.Run, len(queues))
	for i, q := range queues {
		r := first
		if i > 0 {
			shard := *first
			r = &shard
			r.ID = core.ShardID(first.ID, i)
			r.OccurrenceID = r.ID
		}
		r.Queue, r.Shard, r.Shards = q, i, len(queues)
		runs[i] = r
	}
	return runs
}

// Spread makes shards of an unrouted run, one for each queue, in one transaction. It does nothing when the run was
// withdrawn or spread meanwhile.
func (s *Store) Spread(ctx context.Context, runID string, queues []string) error {
	return s.write(ctx, func(t tx) error {
		open, err := t.selectRuns("id = ? AND queue = ?", runID, core.QueueUnrouted)
		if err != nil || len(open) == 0 {
			return err
		}
		// A task that is stopped at this moment withdraws the runs that it finds, and must find all.
		var state core.TaskState
		var version int64
		if _, err := t.one([]any{&state, &version}, "SELECT state, version FROM task_plans WHERE task_id = ? FOR SHARE", open[0].TaskID); err != nil {
			return err
		}
		if state != core.TaskRunning || version != open[0].TaskVersion {
			return nil
		}
		// The run is taken out of its queue first, so that of two masters one spreads it.
		n, err := t.exec("UPDATE runs SET queue = ? WHERE id = ? AND queue = ? AND state = 'planned' AND holder = ''", queues[0], runID, core.QueueUnrouted)
		if err != nil || n == 0 {
			return err
		}
		runs, err := t.selectRuns("id = ?", runID)
		if err != nil {
			return err
		}
		runs = shards(runs[0], queues)
		if _, err := t.exec("UPDATE runs SET shards = ? WHERE id = ?", len(runs), runID); err != nil {
			return err
		}
		_, err = t.insertRuns(runs[1:])
		return err
	})
}
