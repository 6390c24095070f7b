package fleet

import (
	"context"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/rpc"
	"github.com/carillonhq/carillon/store"
)

// sweepAge is how long ago a run must have been given for a sweep to miss it at its worker: one that this master has just
// committed is about to be sent.
const sweepAge = core.HeartbeatEvery

// sweep returns to the queue what the store says the worker has, and neither the worker nor this stream knows of. A master
// that had not yet noticed the end of its stream committed those runs to the worker, after another master had settled
// with it what it holds. A worker has one stream at a time, so they will not come to it any more.
//
// That befalls a stream while it is young, so then every heartbeat is looked at, and later one in a lease: a master that
// was frozen may wake up long after its worker has left.
func (s *Session) sweep(ctx context.Context, listed []*rpc.Held) error {
	if age := time.Since(s.joined); age > 2*s.lease && time.Since(s.swept) < s.lease {
		return nil
	}
	s.swept = time.Now()
	given, err := s.fleet.opts.Store.Given(ctx, s.node.Incarnation, sweepAge)
	if err != nil {
		return s.note(err)
	}
	astray := s.unknown(given, listed)
	if len(astray) == 0 {
		return nil
	}
	s.fleet.opts.Logger.Warn("runs given on an earlier stream never reached their worker; planned again", "worker", s.node.Name, "runs", len(astray))
	err = s.fleet.opts.Store.Return(ctx, astray, s.fleet.opts.Route)
	s.fleet.opts.Changed()
	return s.note(err)
}

// unknown gives those of runs that are neither listed by the worker nor given to it on this stream.
func (s *Session) unknown(runs []store.Held, listed []*rpc.Held) []store.Held {
	if len(runs) == 0 {
		return nil
	}
	has := make(map[store.Held]bool, len(listed))
	for _, h := range listed {
		has[store.Held{RunID: h.RunId, Token: h.Token}] = true
	}
	s.fleet.mu.Lock()
	defer s.fleet.mu.Unlock()
	var out []store.Held
	for _, h := range runs {
		if g := s.given[h.RunID]; !has[h] && (g == nil || g.token != h.Token) {
			out = append(out, h)
		}
	}
	return out
}
