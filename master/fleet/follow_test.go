package fleet

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/rpc"
	"github.com/carillonhq/carillon/store"
)

func idle(h *rpc.Hello) { h.Idle = true }

// follow has the fleet look at the nodes' rows.
func (b *bundle) follow() {
	b.t.Helper()
	require.NoError(b.t, b.Follow(b.t.Context()))
	synctest.Wait()
}

// An idle worker is registered and connected, keeps its lease, and takes nothing until an administrator enables it.
func TestIdleWorkerWaitsToBeEnabled(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		w := b.dial("")
		w.say(hello("w1", idle))
		require.EqualValues(t, core.NodeIdle, w.hear().GetWelcome().GetState())
		synctest.Wait()
		require.Equal(t, core.NodeIdle, b.kept.seen().registered[0].State)
		require.Equal(t, 1, b.Workers())
		require.Empty(t, b.Free())
		require.Nil(t, b.Pick(core.QueueDefault))
		w.say(&rpc.Heartbeat{Sequence: 1})
		require.EqualValues(t, 1, w.hear().GetHeartbeatAck().GetSequence())
		require.Equal(t, core.NodeIdle, b.kept.seen().beats[0].State)

		before, moves := b.kept.seen().changes, b.kept.seen().moves
		b.follow()
		require.Equal(t, []int{before, moves}, []int{b.kept.seen().changes, b.kept.seen().moves}, "nothing has changed")
		b.kept.change("w1", func(n *core.Node) { n.Admin.State = core.NodeEnabled })
		b.follow()
		require.Equal(t, 10, b.free())
		require.Equal(t, before+1, b.kept.seen().changes, "the dispatcher is told")
		require.Equal(t, moves+1, b.kept.seen().moves, "whoever routes runs is told")
		b.give(1)
		require.NotNil(t, w.hear().GetDispatch())

		again := b.join(hello("w1", idle))
		require.Equal(t, 10, b.free(), "what was said outlasts the stream")
		b.kept.change("w1", func(n *core.Node) { n.Admin = core.Traits{} })
		b.follow()
		require.Empty(t, b.Free(), "and can be taken back")
		require.NoError(t, again.stream.CloseSend())
	})
}

// A worker that is drained or disabled is given nothing, not even what was on its way, and goes on with what it has.
func TestWorkerIsTakenOutAndPutBack(t *testing.T) {
	for _, state := range []core.NodeState{core.NodeDraining, core.NodeDisabled} {
		t.Run(string(state), func(t *testing.T) {
			virtually(t, func(t *testing.T, b *bundle) {
				w := b.join(hello("w1", slots(3)))
				held := b.give(1)
				require.NotNil(t, w.hear().GetDispatch())
				picked := b.Pick(core.QueueDefault)
				b.kept.change("w1", func(n *core.Node) { n.Admin.State = state })
				b.follow()
				require.False(t, picked.Give([]store.Handout{b.handout()}))
				b.Unpick(picked)
				require.Nil(t, b.Pick("node:w1"))
				require.Empty(t, b.Free())
				for beat := range 5 {
					w.say(&rpc.Heartbeat{Sequence: int64(beat), Held: listed(held...)})
					require.NotNil(t, w.hear().GetHeartbeatAck())
					sleep(core.HeartbeatEvery)
				}
				seen := b.kept.seen()
				require.Empty(t, seen.returned, "what it runs goes on")
				require.Equal(t, core.NodeEnabled, seen.beats[0].State, "its own word is another matter")
				w.say([]*rpc.Outcome{outcome(held[0], core.RunSucceeded)})
				synctest.Wait()
				require.Len(t, b.kept.seen().reports, 1)

				b.kept.change("w1", func(n *core.Node) { n.Admin.State = core.NodeEnabled })
				b.follow()
				require.Equal(t, 3, b.free())
			})
		})
	}
}

func TestWeightAndLabelsFollow(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		b.join(hello("w1", slots(100), func(h *rpc.Hello) { h.Labels = []string{"old"} }))
		b.join(hello("w2", slots(100)))
		b.kept.change("w1", func(n *core.Node) { n.Admin.Weight, n.Admin.Labels = 4, []string{"new"} })
		b.follow()
		require.Equal(t, map[string]int{core.QueueDefault: 200, "node:w1": 100, "node:w2": 100, "label:new": 100}, b.Free())
		require.Nil(t, b.Pick("label:old"))
		picks := map[string]int{}
		for range 50 {
			s := b.Pick(core.QueueDefault)
			picks[s.Worker()]++
			b.Unpick(s)
		}
		require.Equal(t, map[string]int{"w1": 40, "w2": 10}, picks)
	})
}

// A name that another worker took at another master, or a row that was deleted, ends the stream, and the worker is told why.
func TestWorkerIsDisowned(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*core.Node)
		code   core.Code
	}{
		{"taken over", func(n *core.Node) { n.Incarnation = "w1-2" }, core.CodeConflict},
		{"deleted", nil, core.CodeNotFound},
	} {
		for how, notice := range map[string]func(b *bundle, w *worker){
			"at the next look": func(b *bundle, _ *worker) { b.follow() },
			"at the next heartbeat": func(b *bundle, w *worker) {
				b.kept.mu.Lock()
				b.kept.gone = []string{"w1-1"}
				b.kept.mu.Unlock()
				w.say(&rpc.Heartbeat{Sequence: 1})
			},
		} {
			t.Run(tc.name+", "+how, func(t *testing.T) {
				virtually(t, func(t *testing.T, b *bundle) {
					w, other := b.join(hello("w1")), b.join(hello("w2"))
					held := b.give(2)
					b.kept.change("w1", tc.change)
					notice(b, w)
					require.Equal(t, tc.code, core.CodeOf(<-w.served))
					synctest.Wait()
					require.Equal(t, 1, b.Workers())
					require.Empty(t, b.kept.seen().returned, "what it has is its own until its lease runs out: %v", held)
					require.Empty(t, b.kept.seen().expired)
					require.NoError(t, other.stream.CloseSend())
				})
			})
		}
	}
}

func TestReasonOfALostLeaseThatCannotBeRead(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		w := b.join(hello("w1"))
		b.kept.fail("nodes", errors.New("the database is away"))
		require.Error(t, b.Follow(t.Context()))
		require.Equal(t, 1, b.Workers())
		b.kept.mu.Lock()
		b.kept.gone = []string{"w1-1"}
		b.kept.mu.Unlock()
		w.say(&rpc.Heartbeat{Sequence: 1})
		require.ErrorContains(t, <-w.served, "lease ran out")
	})
}

// The younger worker hears whose name it took, and so does the master's log.
func TestYoungerWorkerHearsOfTheElder(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		now := time.Now()
		elder := b.join(hello("w1", incarnation("w1-1", now)))
		younger := b.dial("")
		younger.say(hello("w1", incarnation("w1-2", now.Add(time.Second))))
		require.Equal(t, "w1-1", younger.hear().GetWelcome().GetFenced())
		require.Equal(t, core.CodeConflict, core.CodeOf(<-elder.served))
	})
}

// All workers of a master that died come at once: their hellos are settled a few at a time, and each has its turn.
func TestManyWorkersJoinAFewAtATime(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		b.kept.hold = make(chan struct{})
		var workers []*worker
		for i := range 5 * maxJoining {
			w := b.dial("")
			w.say(hello(fmt.Sprint("w", i)))
			workers = append(workers, w)
			synctest.Wait() // so that the last is none of those that are settled
		}
		require.Len(t, b.joining, maxJoining)
		gone := workers[len(workers)-1]
		gone.cut(errCut)
		require.Error(t, <-gone.served, "one that gives up does not wait for its turn")
		close(b.kept.hold)
		for _, w := range workers[:len(workers)-1] {
			require.NotNil(t, w.hear().GetWelcome())
		}
		synctest.Wait()
		require.Empty(t, b.joining)
	})
}
