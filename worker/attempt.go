package worker

import (
	"context"
	"time"

	"github.com/carillonhq/carillon/core"
)

// start gives each run its goroutine.
func (i *incarnation) start(runs []*held) {
	for _, h := range runs {
		go i.attempt(h)
	}
}

// attempt performs one run and files its outcome, whatever the performer does.
func (i *incarnation) attempt(h *held) {
	var o core.Outcome
	returned := false
	defer func() {
		if !returned {
			v := recover()
			o = broken(h, v)
			i.log.Error("a performer did not return", "run", h.id, "reason", o.Result.Reason)
		}
		i.finish(h, o)
	}()
	o = i.opts.Performer.Perform(h.ctx, h.run, h)
	returned = true
}

// finish files the outcome of a run and starts what its slot is free for.
func (i *incarnation) finish(h *held, o core.Outcome) {
	cause := context.Cause(h.ctx)
	h.cancel(nil)
	for _, line := range o.Result.Log {
		h.log.put(line.At, line.Level, line.Text)
	}
	m := toOutcome(h, o, cause)
	var logSize int
	m.Log, logSize = h.log.end()
	next, counts := i.table.end(h, m, sizeOf(m)+logSize, time.Now())
	i.start(next)
	if counts {
		signal(i.reportable)
	} else {
		i.log.Info("an outcome was dropped: the run was given again meanwhile",
			"run", h.id, "token", h.token, "state", m.State, "reason", m.Reason)
	}
	signal(i.moved)
}
