package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/carillonhq/carillon/core"
)

const delayedColumns = "id,namespace,source_app,topic,content_key,state,due_at,next_due,resets,runs,idempotency_key," +
	"created_by,created_by_name,created_at,finished_at,executors,retry,callback"

// PlanAhead is what a creation needs to plan a delayed task that is due within the horizon at once.
type PlanAhead struct {
	Until time.Time
	Route Route
}

// CreateDelayed stores a delayed task. It returns when the task is on disk; creations that arrive together share one
// commit. When the task is due by plan.Until its run is planned in the same transaction. A task with an idempotency key that
// is known takes the id, due instant and state of the one that has it.
func (s *Store) CreateDelayed(ctx context.Context, d *core.DelayedTask, plan PlanAhead) error {
	// A caller that gives up leaves its creation to be stored all the same, so that is of a copy.
	stored := *d
	if err := s.creations.do(ctx, creation{&stored, plan}); err != nil {
		return s.edge(err)
	}
	d.ID, d.Due, d.State = stored.ID, stored.Due, stored.State
	return nil
}

// CreateDelayedBatch stores many delayed tasks in one transaction: all or none.
func (s *Store) CreateDelayedBatch(ctx context.Context, tasks []*core.DelayedTask, plan PlanAhead) error {
	batch := make([]creation, len(tasks))
	for i, d := range tasks {
		batch[i] = creation{d, plan}
	}
	return s.createDelayed(ctx, batch)
}

type creation struct {
	*core.DelayedTask
	plan PlanAhead
}

func (s *Store) createDelayed(ctx context.Context, batch []creation) error {
	err := s.createUnknown(ctx, batch)
	for range maxRaces {
		if f, ok := errors.AsType[*Failure](err); !ok || f.class != duplicateError {
			break
		}
		// Another master has stored one of the keys since this one looked: now it is known.
		err = s.createUnknown(ctx, batch)
	}
	return err
}

func (s *Store) createUnknown(ctx context.Context, batch []creation) error {
	var known map[*core.DelayedTask]*core.DelayedTask // what each one that repeats a key stands for
	err := s.write(ctx, func(t tx) error {
		known = map[*core.DelayedTask]*core.DelayedTask{}
		now := s.Now()
		fresh := make([]creation, 0, len(batch))
		var runs []*core.Run
		byKey, err := t.delayedByKey(batch)
		if err != nil {
			return err
		}
		for _, c := range batch {
			if c.IdempotencyKey != "" {
				key := idempotencyKey{c.Namespace, c.IdempotencyKey}
				if same := byKey[key]; same != nil {
					known[c.DelayedTask] = same
					continue
				}
				byKey[key] = c.DelayedTask
			}
			c.State = core.DelayedCreated
			if !c.Due.After(c.plan.Until) {
				c.State = core.DelayedReady
				runs = append(runs, DelayedRun(c.DelayedTask, now, c.plan.Route))
			}
			fresh = append(fresh, c)
		}
		if _, err := insertRows(t, into{table: "delayed_tasks", columns: delayedColumns}, fresh, creation.values); err != nil {
			return err
		}
		_, err = t.insertRuns(runs)
		return err
	})
	if err != nil {
		return err
	}
	for d, same := range known {
		d.ID, d.Due, d.State = same.ID, same.Due, same.State
	}
	return nil
}

type idempotencyKey struct{ namespace, key string }

// delayedByKey gives the delayed tasks that have the idempotency keys of a batch already: id, due instant and state.
func (t tx) delayedByKey(batch []creation) (map[idempotencyKey]*core.DelayedTask, error) {
	keys := map[string][]string{} // by namespace
	for _, c := range batch {
		if c.IdempotencyKey != "" {
			keys[c.Namespace] = append(keys[c.Namespace], c.IdempotencyKey)
		}
	}
	known := map[idempotencyKey]*core.DelayedTask{}
	for namespace, list := range keys {
		err := eachIn(list, func(list string, args []any) error {
			return t.each(func(rows *sql.Rows) error {
				var (
					key string
					due int64
					d   core.DelayedTask
				)
				err := rows.Scan(&key, &d.ID, &due, &d.State)
				d.Due = instant(due)
				known[idempotencyKey{namespace, key}] = &d
				return err
			}, "SELECT idempotency_key, id, due_at, state FROM delayed_tasks WHERE namespace = ? AND idempotency_key IN "+list,
				append([]any{namespace}, args...)...)
		})
		if err != nil {
			return nil, err
		}
	}
	return known, nil
}

func (c creation) values(args []any) []any {
	nextDue := nullMicros(c.Due)
	if c.State != core.DelayedCreated {
		nextDue.Valid = false
	}
	return append(args, c.ID, c.Namespace, c.SourceApp, c.Topic, c.ContentKey, string(c.State), micros(c.Due), nextDue,
		c.Resets, c.Runs, sql.NullString{String: c.IdempotencyKey, Valid: c.IdempotencyKey != ""}, c.CreatedBy, c.CreatedByName,
		micros(c.CreatedAt), micros(c.FinishedAt), encodeNames(c.Executors), encode(&c.Retry), encode(&c.Callback))
}

// Delayed reads one delayed task.
func (s *Store) Delayed(ctx context.Context, id string) (*core.DelayedTask, error) {
	d, err := s.read(ctx).delayed(id, "")
	return d, s.edge(err)
}

// lockDelayed reads a delayed task and keeps it as it is until the transaction ends.
func (t tx) lockDelayed(id string) (*core.DelayedTask, error) { return t.delayed(id, " FOR UPDATE") }

func (t tx) delayed(id, lock string) (*core.DelayedTask, error) {
	tasks, err := t.delayedTasks("WHERE id = ?"+lock, id)
	if err != nil {
		return nil, err
	}
	if len(tasks) == 0 {
		return nil, core.NotFound("there is no delayed task %s", id)
	}
	return tasks[0], nil
}

func (t tx) delayedTasks(rest string, args ...any) ([]*core.DelayedTask, error) {
	var tasks []*core.DelayedTask
	err := t.each(func(rows *sql.Rows) error {
		var (
			d                      core.DelayedTask
			due, created, finished int64
			next                   sql.NullInt64
			key                    sql.NullString
			executors, retry, call string
		)
		if err := rows.Scan(&d.ID, &d.Namespace, &d.SourceApp, &d.Topic, &d.ContentKey, &d.State, &due, &next, &d.Resets, &d.Runs,
			&key, &d.CreatedBy, &d.CreatedByName, &created, &finished, &executors, &retry, &call); err != nil {
			return err
		}
		d.Due, d.CreatedAt, d.FinishedAt, d.IdempotencyKey = instant(due), instant(created), instant(finished), key.String
		var err error
		if d.Executors, err = decodeNames(executors); err != nil {
			return fmt.Errorf("executors of delayed task %s: %w", d.ID, err)
		}
		if err := errors.Join(json.Unmarshal([]byte(retry), &d.Retry), json.Unmarshal([]byte(call), &d.Callback)); err != nil {
			return fmt.Errorf("definition of delayed task %s: %w", d.ID, err)
		}
		tasks = append(tasks, &d)
		return nil
	}, "SELECT "+delayedColumns+" FROM delayed_tasks "+rest, args...)
	return tasks, err
}
