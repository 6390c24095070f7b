package ui

import (
	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/web/messages"
)

// overlap says what becomes of a firing whose task has an unfinished one.
func (r *request) overlap(t *core.Task) string {
	switch t.Overlap {
	case core.OverlapQueue:
		return r.text("the new one waits")
	case core.OverlapReplace:
		return r.text("it is ended, and the new one takes its place")
	case core.OverlapAllow:
		return r.text("they overlap")
	}
	return r.text("the new one is a conflict and is not sent")
}

// misfire says what becomes of instants that passed unserved.
func (r *request) misfire(t *core.Task) string {
	switch t.Misfire {
	case core.MisfireFireOnce:
		return r.text("the latest that passed is made up for")
	case core.MisfireCatchUp:
		return r.text("up to %d that passed are made up for", t.MakesUp())
	}
	return r.text("it is missed")
}

// retries says how a failed run is tried again.
func (r *request) retries(p core.RetryPolicy) string {
	if p.Count == 0 {
		return r.text("none")
	}
	switch p.Backoff {
	case core.BackoffLinear:
		return r.text("up to %d, each %s later than the one before", p.Count, messages.Length(p.Delay))
	case core.BackoffExponential:
		return r.text("up to %d, the first after %s, each wait twice the one before", p.Count, messages.Length(p.Delay))
	}
	return r.text("up to %d, %s apart", p.Count, messages.Length(p.Delay))
}

// routing says how a worker is chosen; nothing of the usual way.
func (r *request) routing(how core.Routing) (texts []string) {
	switch how.Strategy {
	case core.RouteRoundRobin:
		texts = append(texts, r.text("one worker after the other"))
	case core.RouteWeighted:
		texts = append(texts, r.text("drawn by weight"))
	case core.RouteRandom:
		texts = append(texts, r.text("drawn at random"))
	case core.RouteConsistentHash:
		texts = append(texts, r.text("always the same worker"))
	case core.RouteBroadcast:
		texts = append(texts, r.text("all workers, each for itself"))
	case core.RouteSharded:
		texts = append(texts, r.text("all workers, each a part"))
	}
	if how.Label != "" {
		texts = append(texts, r.text("workers with the label %s", how.Label))
	}
	if how.Strict {
		texts = append(texts, r.text("waits for the one that is chosen"))
	}
	return texts
}
