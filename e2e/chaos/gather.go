package chaos

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/e2e/chaos/evidence"
	v1 "github.com/carillonhq/carillon/master/api/v1"
)

// settle waits until every run and every delayed task has come to its end; false says that they did not in time.
func settle(ctx context.Context, c *client, within time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for ctx.Err() == nil {
		if open, err := anyOpen(ctx, c); err == nil && !open {
			return true
		}
		pause(ctx, 500*time.Millisecond)
	}
	return false
}

// anyOpen says whether anything is to come yet.
func anyOpen(ctx context.Context, c *client) (bool, error) {
	for _, path := range []string{"/delayed-tasks?state=created", "/delayed-tasks?state=ready", "/runs?state=planned", "/runs?state=dispatched", "/runs?state=running"} {
		var page v1.Page[object]
		if err := c.json(ctx, http.MethodGet, path+"&limit=1", nil, &page); err != nil || len(page.Items) > 0 {
			return true, err
		}
	}
	return false, nil
}

// gather reads all that the cluster recorded.
func gather(ctx context.Context, c *client, e *evidence.Evidence) error {
	tasks, err := list[v1.Task](ctx, c, "/tasks")
	if err != nil {
		return err
	}
	for i := range tasks {
		e.KnownTasks = append(e.KnownTasks, evidence.KnownTask{ID: tasks[i].ID, Title: tasks[i].Title})
	}
	delayed, err := list[v1.DelayedTask](ctx, c, "/delayed-tasks")
	if err != nil {
		return err
	}
	var read instants
	for i := range delayed {
		d := &delayed[i]
		e.KnownDelayed = append(e.KnownDelayed, evidence.KnownDelay{ID: d.ID, Key: d.ContentKey, State: d.State, Due: read.instant(d.Due)})
	}
	runs, err := list[v1.Run](ctx, c, "/runs")
	if err != nil {
		return err
	}
	for i := range runs {
		e.Runs = append(e.Runs, read.run(&runs[i]))
	}
	return read.err
}

// instants reads the API's instants. The first error stays.
type instants struct{ err error }

func (i *instants) instant(text v1.Instant) time.Time {
	if text == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, string(text))
	i.err = errors.Join(i.err, err)
	return t
}

func (i *instants) run(r *v1.Run) evidence.Run {
	var shard v1.Shard
	if r.Shard != nil {
		shard = *r.Shard
	}
	return evidence.Run{
		Queue: r.Queue, Shard: shard.Index, Shards: shard.Total, FireAt: i.instant(r.FireAt),
		ID: r.ID, Task: r.TaskID, Delayed: r.DelayedTaskID, Occurrence: r.OccurrenceID, Parent: r.ParentRunID, Trigger: r.Trigger,
		Attempt: r.Attempt, Retry: r.Retry, State: r.State, Reason: r.Reason, Worker: r.Worker, Count: r.Count, Due: i.instant(r.Due),
		PlannedAt: i.instant(r.PlannedAt), DispatchedAt: i.instant(r.DispatchedAt), RecordedAt: i.instant(r.RecordedAt), LastDue: i.instant(r.LastDue),
	}
}

// seesSkew finds a node that was started with a wrong clock to be so: it says by its own clock when it started.
func (f *faults) seesSkew(ctx context.Context, n *node, offset time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var page v1.Page[v1.Node]
	if err := insist(ctx, func() error { return f.client.json(ctx, http.MethodGet, "/nodes", nil, &page) }); err != nil {
		return nil // the cluster may have other troubles
	}
	for _, node := range page.Items {
		if node.Name != n.name || (node.Kind == string(core.NodeMaster)) != (n.http != "") {
			continue
		}
		var read instants
		ahead := time.Until(read.instant(node.StartedAt))
		if read.err == nil && (ahead-offset).Abs() > wrong/2 {
			return fmt.Errorf("its clock is %s ahead and not %s: is the binary built with the tag skew?", ahead.Round(time.Second), offset)
		}
	}
	return nil
}
