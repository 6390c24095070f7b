package worker

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/rpc"
)

// brain is what several fake masters share, as real ones share a database: which run has which token, and the lease.
type brain struct {
	t     *testing.T
	mu    sync.Mutex
	dice  *rand.Rand
	runs  map[string]*fate
	lease time.Time // the worker's, by the masters' clock
	lost  int       // leases that ran out
	began time.Time
}

// outage says whether every master is down: for 20 s of each minute.
func (b *brain) outage() bool { return time.Since(b.began)%time.Minute > 40*time.Second }

type fate struct {
	token   int64
	given   bool
	state   string
	reports int // reports that counted
}

func (b *brain) Dial(ctx context.Context) (rpc.WorkerStream, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.outage() || b.dice.IntN(4) == 0 {
		return nil, errCut
	}
	theirs, ours, cut := rpc.Pipe(ctx)
	time.AfterFunc(time.Duration(b.dice.IntN(20_000))*time.Millisecond, func() { cut(errCut) })
	deaf := b.dice.IntN(5) == 0 // takes everything and answers nothing
	go b.serve(theirs, deaf)
	return ours, nil
}

func (b *brain) serve(stream rpc.MasterStream, deaf bool) {
	for {
		m, err := stream.Recv()
		if err != nil {
			return
		}
		if deaf || b.outage() {
			continue
		}
		for _, answer := range b.answer(m) {
			_ = stream.Send(answer)
		}
	}
}

func (b *brain) answer(m *rpc.WorkerMessage) (out []*rpc.MasterMessage) {
	b.mu.Lock()
	defer b.mu.Unlock()
	listed := map[string]int64{}
	switch {
	case m.GetHello() != nil:
		out = append(out, &rpc.MasterMessage{Kind: &rpc.MasterMessage_Welcome{Welcome: &rpc.Welcome{Protocol: rpc.Protocol}}})
		for _, h := range m.GetHello().Held {
			listed[h.RunId] = h.Token
		}
		b.takeBack(listed, time.Now().After(b.lease))
	case m.GetHeartbeat() != nil:
		out = append(out, &rpc.MasterMessage{Kind: &rpc.MasterMessage_HeartbeatAck{
			HeartbeatAck: &rpc.HeartbeatAck{Sequence: m.GetHeartbeat().Sequence}}})
		if time.Now().After(b.lease) {
			b.takeBack(listed, true)
		}
	case m.GetOutcomes() != nil:
		return append(out, b.record(m.GetOutcomes().Outcomes))
	default:
		return nil
	}
	b.lease = time.Now().Add(core.Lease)
	return append(out, b.give())
}

// takeBack plans again, with a new token, the runs that the worker does not hold, or all of them if its lease ran out.
func (b *brain) takeBack(listed map[string]int64, all bool) {
	if all && !b.lease.IsZero() {
		b.lost++
	}
	for id, f := range b.runs {
		if f.given && f.state == "" && (all || listed[id] != f.token) {
			f.given = false
			f.token++
		}
	}
}

func (b *brain) record(outcomes []*rpc.Outcome) *rpc.MasterMessage {
	c := &rpc.Confirm{}
	for _, o := range outcomes {
		c.Runs = append(c.Runs, &rpc.Held{RunId: o.RunId, Token: o.Token})
		f := b.runs[o.RunId]
		if !f.given || f.token != o.Token || f.state != "" {
			continue // stale, or told twice
		}
		if o.State == string(core.RunLost) {
			f.given = false
			f.token++
			continue
		}
		f.state = o.State
		f.reports++
	}
	return &rpc.MasterMessage{Kind: &rpc.MasterMessage_Confirm{Confirm: c}}
}

func (b *brain) give() *rpc.MasterMessage {
	d := &rpc.Dispatch{}
	for id, f := range b.runs {
		if !f.given && f.state == "" && len(d.Runs) < 7 {
			f.given = true
			d.Runs = append(d.Runs, run(id, f.token))
		}
	}
	return &rpc.MasterMessage{Kind: &rpc.MasterMessage_Dispatch{Dispatch: d}}
}

func (b *brain) open() (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range b.runs {
		if f.state == "" {
			n++
		}
	}
	return n
}

// TestEveryRunEndsOnceWhateverTheStreamsDo cuts streams, leaves masters deaf and lets leases run out, and asks that
// every run is reported once, that no token is performed twice, and that no run is performed twice at a time or when
// masters may have given it away.
func TestEveryRunEndsOnceWhateverTheStreamsDo(t *testing.T) {
	for seed := range uint64(5) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b := &brain{t: t, dice: rand.New(rand.NewPCG(seed, seed)), runs: map[string]*fate{}, began: time.Now()}
				for _, r := range runsOf(300) {
					b.runs[r.Id] = &fate{token: 1}
				}
				var mu sync.Mutex
				active, seen := map[string]bool{}, map[string]bool{}
				var wrong []string
				w, err := New(Options{Name: "w1", Slots: 20, Dialer: b, Performer: performer(
					func(ctx context.Context, r *rpc.Run, say Sink) core.Outcome {
						key := fmt.Sprintf("%s/%d", r.Id, r.Token)
						mu.Lock()
						if active[r.Id] || seen[key] {
							wrong = append(wrong, key+" is performed twice")
						}
						active[r.Id], seen[key] = true, true
						d := time.Duration(rand.IntN(15_000)) * time.Millisecond
						mu.Unlock()
						o := lasting(d)(ctx, r, say)
						b.mu.Lock()
						expired := !time.Now().Before(b.lease)
						b.mu.Unlock()
						mu.Lock()
						defer mu.Unlock()
						if active[r.Id] = false; expired {
							wrong = append(wrong, key+" went on when its lease had run out")
						}
						return o
					})})
				require.NoError(t, err)
				require.NoError(t, w.Start(t.Context()))
				for began := time.Now(); b.open() > 0; time.Sleep(time.Second) {
					require.Less(t, time.Since(began), time.Hour, "%d runs are still open", b.open())
				}
				require.NoError(t, w.Stop(t.Context()))
				require.Empty(t, wrong)
				for id, f := range b.runs {
					require.Equal(t, 1, f.reports, id)
					require.Equal(t, string(core.RunSucceeded), f.state, id)
				}
				require.Positive(t, b.lost)
			})
		})
	}
}
