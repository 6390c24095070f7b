package worker

import (
	"slices"

	"github.com/carillonhq/carillon/rpc"
)

// What one message may hold, so that it stays well under the 4 MiB that gRPC takes by default.
const (
	maxOutcomes     = 500
	maxMessageBytes = 3 << 20
)

// attach prepares the table for a new stream: every outcome is to be sent again. It returns all that is held, to be
// listed in Hello, and the runs among it that are under way or ended.
func (t *table) attach() (list []*rpc.Held, underWay, ended []*held) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ready.clear()
	t.fresh = nil
	for _, h := range t.held {
		switch h.phase {
		case phaseUnderWay:
			underWay = append(underWay, h)
		case phaseEnded:
			ended = append(ended, h)
			t.ready.push(h)
		}
	}
	return t.list(), underWay, ended
}

// holding lists what is held, for a heartbeat, and says whether the table drains.
func (t *table) holding() (list []*rpc.Held, draining bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.list(), t.draining
}

func (t *table) list() []*rpc.Held {
	block := make([]rpc.Held, len(t.held))
	list := make([]*rpc.Held, 0, len(t.held))
	for _, h := range t.held {
		m := &block[len(list)]
		m.RunId, m.Token = h.id, h.token
		list = append(list, m)
	}
	return list
}

// unsent takes outcomes to send, as many as go into one message, oldest first. None are left when it returns none.
func (t *table) unsent() []*rpc.Outcome {
	t.mu.Lock()
	defer t.mu.Unlock()
	var outcomes []*rpc.Outcome
	for size := 0; t.ready.len() > 0 && len(outcomes) < maxOutcomes; {
		h := t.ready.peek()
		if h.phase == phaseEnded && len(outcomes) > 0 && size+h.size > maxMessageBytes {
			break
		}
		if t.ready.pop(); h.phase != phaseEnded {
			continue
		}
		if outcomes == nil {
			outcomes = make([]*rpc.Outcome, 0, min(t.ready.len()+1, maxOutcomes))
		}
		outcomes = append(outcomes, h.outcome)
		size += h.size
	}
	return outcomes
}

// seasoned returns those of candidates that are still under way, and the runs begun since the last call: the candidates
// of the next.
func (t *table) seasoned(candidates []*held) (still, begun []*held) {
	t.mu.Lock()
	defer t.mu.Unlock()
	begun, t.fresh = t.fresh, nil
	return onlyUnderWay(candidates), begun
}

// underWayOf keeps those of runs that are still under way.
func (t *table) underWayOf(runs []*held) []*held {
	t.mu.Lock()
	defer t.mu.Unlock()
	return onlyUnderWay(runs)
}

func onlyUnderWay(runs []*held) []*held {
	return slices.DeleteFunc(runs, func(h *held) bool { return h.phase != phaseUnderWay })
}

// counts says how many runs are under way, superseded ones among them, and how many outcomes are not confirmed.
func (t *table) counts() (underWay, ended int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.underWay, t.ended
}
