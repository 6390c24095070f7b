package fleet

import (
	"context"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/rpc"
	"github.com/carillonhq/carillon/store"
)

// renewEvery is how long heartbeats are gathered so that one transaction renews the leases of many workers.
const renewEvery = 20 * time.Millisecond

// beat is a heartbeat to be stored and then acknowledged.
type beat struct {
	session  *Session
	sequence int64
	store.Beat
}

func (s *Session) heartbeat(ctx context.Context, hb *rpc.Heartbeat) error {
	missing, running := s.list(hb.Held, hb.Draining)
	if len(missing) > 0 {
		s.fleet.opts.Logger.Warn("runs never reached their worker; planned again", "worker", s.node.Name, "runs", len(missing))
		if err := s.fleet.opts.Store.Return(ctx, missing, s.fleet.opts.Route); err != nil {
			s.relist(missing) // the next heartbeat tries again
			if err := s.note(err); err != nil {
				return err
			}
		}
		s.fleet.opts.Changed()
	}
	state := core.NodeEnabled
	if hb.Draining {
		state = core.NodeDraining
	}
	b := beat{session: s, sequence: hb.Sequence, Beat: store.Beat{
		Incarnation: s.node.Incarnation, Kind: core.NodeWorker, Name: s.node.Name, State: state, Running: running, Lease: s.lease,
	}}
	select {
	case s.fleet.beats <- b:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Run renews leases until ctx ends.
func (f *Fleet) Run(ctx context.Context) {
	for {
		var batch []beat
		select {
		case b := <-f.beats:
			batch = append(batch, b)
		case <-ctx.Done():
			return
		}
		timer := time.NewTimer(renewEvery)
		for gathering := true; gathering; {
			select {
			case b := <-f.beats:
				batch = append(batch, b)
			case <-timer.C:
				gathering = false
			case <-ctx.Done():
				return
			}
		}
		f.renew(ctx, batch)
	}
}

// renew stores heartbeats and acknowledges those that are stored. A worker whose lease was given up is cut off.
func (f *Fleet) renew(ctx context.Context, batch []beat) {
	beats := make([]store.Beat, len(batch))
	for i, b := range batch {
		beats[i] = b.Beat
	}
	gone, err := f.opts.Store.Renew(ctx, beats)
	if err != nil {
		f.opts.Logger.Error("leases could not be renewed", "workers", len(batch), "error", err)
		return
	}
	given := map[string]bool{}
	for _, id := range gone {
		given[id] = true
	}
	for _, b := range batch {
		if given[b.Incarnation] {
			b.session.close(core.Unavailable("the worker's lease ran out and what it had was given on"))
			continue
		}
		b.session.send(&rpc.MasterMessage{Kind: &rpc.MasterMessage_HeartbeatAck{HeartbeatAck: &rpc.HeartbeatAck{Sequence: b.sequence}}})
	}
}
