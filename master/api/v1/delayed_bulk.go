package v1

import (
	"net/http"
	"time"

	"github.com/carillonhq/carillon/master/manage"
)

// Postponement says when a delayed task is to be called instead: at an instant, or after a delay from now.
type Postponement struct {
	Due   Instant  `json:"due,omitempty"`
	Delay Duration `json:"delay,omitempty"`
}

// instant gives the new due instant.
func (p *Postponement) instant(now time.Time) (time.Time, error) {
	var v values
	due := v.instant("due", p.Due)
	if delay := v.duration("delay", p.Delay); p.Delay != "" {
		due = now.Add(delay)
		if delay <= 0 {
			v.fail(broken("delay", "must be longer than nothing"))
		}
	}
	if (p.Delay == "") == (p.Due == "") {
		v.fail(broken("due", "give due or delay, and only one of them"))
	}
	return due, v.err
}

func (a *api) postponeDelayed(r *request) error {
	data, err := body(r)
	if err != nil {
		return err
	}
	given, err := decode[Postponement](data)
	if err != nil {
		return err
	}
	due, err := given.instant(a.Nodes.Now())
	if err != nil {
		return err
	}
	if err := a.Delayed.Postpone(r.Request.Context(), r.user, r.id, due); err != nil {
		return err
	}
	return a.getDelayed(r)
}

// DelayedBulk is one action on many delayed tasks. Due and Delay go with a postponement.
type DelayedBulk struct {
	Action string   `json:"action"`
	IDs    []string `json:"ids"`
	Due    Instant  `json:"due,omitempty"`
	Delay  Duration `json:"delay,omitempty"`
}

// DelayedBulkDone is what came of a bulk.
type DelayedBulkDone struct {
	Done    int              `json:"done"`
	Refused []DelayedRefusal `json:"refused,omitempty"`
}

// DelayedRefusal says why a delayed task was left as it is.
type DelayedRefusal struct {
	ID     string `json:"id"`
	Reason string `json:"reason"`
}

func (a *api) bulkDelayed(r *request) error {
	data, err := body(r)
	if err != nil {
		return err
	}
	given, err := decode[DelayedBulk](data)
	if err != nil {
		return err
	}
	b := manage.DelayedBulk{Action: manage.DelayedAction(given.Action), IDs: given.IDs}
	switch {
	case b.Action == manage.DelayedPostpone:
		if b.Due, err = (&Postponement{given.Due, given.Delay}).instant(a.Nodes.Now()); err != nil {
			return err
		}
	case given.Due != "" || given.Delay != "":
		return broken("due", "goes with the action postpone only")
	}
	done, err := a.Delayed.Bulk(r.Request.Context(), r.user, b)
	if err != nil {
		return err
	}
	out := DelayedBulkDone{Done: done.Done}
	for _, refused := range done.Refused {
		out.Refused = append(out.Refused, DelayedRefusal{refused.ID, refused.Err.Error()})
	}
	return reply(r, http.StatusOK, out)
}
