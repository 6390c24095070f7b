package v1

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/manage"
	"github.com/carillonhq/carillon/store"
)

// keyHeader names a create, so that a client that heard no answer can send it again.
const keyHeader = "Idempotency-Key"

func (a *api) listDelayed(r *request) error {
	q := r.query
	limit := q.limit()
	f := store.DelayedFilter{
		SourceApp: q.text("sourceApp"), Topic: q.text("topic"), ContentKey: q.text("contentKey"), After: q.cursor(), Limit: limit + 1,
		State:   choice(q, "state", core.DelayedStates()...),
		DueFrom: q.instant("dueFrom"), DueTo: q.instant("dueTo"),
	}
	if q.err != nil {
		return q.err
	}
	tasks, reached, err := a.Delayed.List(r.Request.Context(), f)
	if err != nil {
		return err
	}
	return reply(r, http.StatusOK, page(tasks, limit, func(d *core.DelayedTask) string { return d.ID },
		func(d *core.DelayedTask) DelayedTask { return showDelayed(r.user, d) }).reaching(reached))
}

// createDelayed creates one delayed task, or those of a batch, which is told by its field items.
func (a *api) createDelayed(r *request) error {
	data, err := body(r)
	if err != nil {
		return err
	}
	var probe struct {
		Items json.RawMessage `json:"items"`
	}
	// What is wrong with the text is found by whichever reads it whole.
	if _ = json.Unmarshal(data, &probe); probe.Items != nil {
		return a.createBatch(r, data)
	}
	given, err := decode[DelayedTask](data)
	if err != nil {
		return err
	}
	key := r.GetHeader(keyHeader)
	if key != "" && given.IdempotencyKey != "" && key != given.IdempotencyKey {
		return broken("idempotencyKey", "is not the key in the header %s", keyHeader)
	}
	if key != "" {
		given.IdempotencyKey = key
	}
	d, err := given.core(a.Nodes.Now())
	if err != nil {
		return err
	}
	if err := a.Delayed.Create(r.Request.Context(), r.user, d); err != nil {
		return err
	}
	r.Header("Location", Base+"/delayed-tasks/"+d.ID)
	return reply(r, http.StatusCreated, DelayedCreated{d.ID, instantOf(d.Due)})
}

// createBatch creates all or none. A key in the header gives each item without one its own: the key, a slash, the index.
func (a *api) createBatch(r *request, data []byte) error {
	batch, err := decode[DelayedBatch](data)
	if err != nil {
		return err
	}
	if n := len(batch.Items); n < 1 || n > manage.MaxBatch {
		return broken("items", "must have from 1 to %d entries, and has %d", manage.MaxBatch, n)
	}
	key, now := r.GetHeader(keyHeader), a.Nodes.Now()
	items := make([]*core.DelayedTask, len(batch.Items))
	for i := range batch.Items {
		given := &batch.Items[i]
		if key != "" && given.IdempotencyKey == "" {
			given.IdempotencyKey = fmt.Sprintf("%s/%d", key, i)
		}
		if items[i], err = given.core(now); err != nil {
			return inItem(i, err)
		}
	}
	if err := a.Delayed.CreateBatch(r.Request.Context(), r.user, items); err != nil {
		return err
	}
	created := Page[DelayedCreated]{}
	for _, d := range items {
		created.Items = append(created.Items, DelayedCreated{d.ID, instantOf(d.Due)})
	}
	return reply(r, http.StatusCreated, created)
}

// inItem names the item of a batch that an error is about.
func inItem(i int, err error) error {
	if e, ok := errors.AsType[*core.Error](err); ok {
		named := *e
		named.Field = fmt.Sprintf("items[%d].%s", i, e.Field)
		return &named
	}
	return err
}

// moveDelayed makes the handler of an action on a delayed task that is answered with the delayed task.
func (a *api) moveDelayed(move func(Delayed, context.Context, *core.User, string) error) func(*request) error {
	return func(r *request) error {
		if err := bare(r); err != nil {
			return err
		}
		if err := move(a.Delayed, r.Request.Context(), r.user, r.id); err != nil {
			return err
		}
		return a.getDelayed(r)
	}
}

func (a *api) getDelayed(r *request) error {
	d, err := a.Delayed.Get(r.Request.Context(), r.id)
	if err != nil {
		return err
	}
	return reply(r, http.StatusOK, showDelayed(r.user, d))
}
