package fleet

import (
	"context"
	"sync"
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
	arrived := time.Now()
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
	if err := s.sweep(ctx, hb.Held); err != nil {
		return err
	}
	state := s.node.Own.State
	if hb.Draining {
		state = core.NodeDraining
	}
	b := beat{session: s, sequence: hb.Sequence, Beat: store.Beat{
		Incarnation: s.node.Incarnation, Kind: core.NodeWorker, Name: s.node.Name, State: state, Running: running,
		Lease: s.lease, Arrived: arrived,
	}}
	select {
	case s.fleet.beats <- b:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Run renews leases and stores notes until ctx ends.
func (f *Fleet) Run(ctx context.Context) {
	var saving sync.WaitGroup
	saving.Go(func() { f.notes.run(ctx) })
	defer saving.Wait()
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
	lost := map[string]bool{}
	for _, id := range gone {
		lost[id] = true
	}
	var rows map[string]core.Node
	if len(gone) > 0 {
		if rows, err = f.workers(ctx); err != nil {
			f.opts.Logger.Error("why leases are gone cannot be read", "error", err)
		}
	}
	for _, b := range batch {
		if lost[b.Incarnation] {
			b.session.close(b.session.why(rows))
			continue
		}
		if b.State == core.NodeDraining && !b.session.told {
			b.session.told = true
			f.opts.Members()
		}
		b.session.send(&rpc.MasterMessage{Kind: &rpc.MasterMessage_HeartbeatAck{HeartbeatAck: &rpc.HeartbeatAck{Sequence: b.sequence}}})
	}
}

// why says why a worker's lease was not renewed; rows are nil when they cannot be read.
func (s *Session) why(rows map[string]core.Node) error {
	if rows != nil {
		if err := s.disowned(rows); err != nil {
			return err
		}
	}
	return core.Unavailable("the worker's lease ran out and what it had was given on")
}
