package store_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/store"
)

func queueing(k *core.Task)  { k.Overlap = core.OverlapQueue }
func replacing(k *core.Task) { k.Overlap = core.OverlapReplace }

// asked gives the ids of the runs that somebody asked to end.
func (b *bundle) asked() []string {
	b.t.Helper()
	var ids []string
	for _, c := range b.cancels() {
		ids = append(ids, c.RunID)
	}
	slices.Sort(ids)
	return ids
}

// after lets the time pass that a firing waits before it looks again by itself.
func after(t *testing.T) {
	t.Helper()
	time.Sleep(2*time.Second + core.LookAhead)
}

func TestFiringsQueueInTheOrderOfTheirDues(t *testing.T) {
	virtual(t, func(t *testing.T, b *bundle) {
		k := b.task(queueing)
		b.plan(k, testdb.Now())
		running := b.one()
		var waiting []*core.Run
		for range 3 {
			time.Sleep(time.Second)
			r := b.plan(k, testdb.Now())
			waiting = append(waiting, r)
			require.Empty(t, b.dispatch())
			got := b.run(r.ID)
			require.Equal(t, core.RunPlanned, got.State)
			require.True(t, got.Due.Equal(r.Due), "the due instant is never rewritten")
			require.True(t, got.PutOff())
			require.Empty(t, got.Worker)
		}
		after(t)
		require.Empty(t, b.give("m2", "w2", b.reserve("m2")...), "the first is still under way")

		for _, want := range waiting {
			rec := b.end(running, core.RunSucceeded)
			require.True(t, rec.Next.Equal(time.Now()), "the next one comes at once")
			time.Sleep(time.Millisecond)
			fresh := b.plan(k, testdb.Now())
			sent := b.dispatch()
			require.Len(t, sent, 1)
			require.Equal(t, want.ID, sent[0].ID, "in the order of the dues; a new one does not overtake")
			require.True(t, b.run(fresh.ID).PutOff())
			running = sent[0]
		}
		require.Empty(t, b.list(store.RunFilter{State: core.RunConflict}))
	})
}

func TestQueueIsBounded(t *testing.T) {
	virtual(t, func(t *testing.T, b *bundle) {
		k := b.task(queueing, retrying, func(k *core.Task) { k.OverlapWaiting = 2 })
		b.plan(k, testdb.Now())
		running := b.one()
		for range 4 {
			time.Sleep(time.Second)
			b.plan(k, testdb.Now())
			require.Empty(t, b.dispatch())
		}
		conflicts := b.list(store.RunFilter{TaskID: k.ID, State: core.RunConflict})
		require.Len(t, conflicts, 2)
		require.Contains(t, conflicts[0].Result.Reason, "2 firings waited")

		// A retry waits beside them: its firing was promised.
		b.end(running, core.RunFailed)
		second := b.one()
		time.Sleep(10 * time.Second)
		require.Empty(t, b.dispatch())
		require.Len(t, b.list(store.RunFilter{TaskID: k.ID, State: core.RunPlanned}), 2)
		b.end(second, core.RunSucceeded)
		third := b.one()
		require.Equal(t, core.TriggerSchedule, third.Trigger, "it was due before the retry")
		b.end(third, core.RunSucceeded)
		require.Equal(t, core.TriggerRetry, b.one().Trigger)
	})
}

// What waits is withdrawn with its task, and what a master has taken of it goes on waiting after that master's death.
func TestWaitingFiringsAreWithdrawnAndKept(t *testing.T) {
	virtual(t, func(t *testing.T, b *bundle) {
		k := b.task(queueing)
		b.plan(k, testdb.Now())
		running := b.one()
		time.Sleep(time.Second)
		r := b.plan(k, testdb.Now())
		require.Empty(t, b.dispatch())
		after(t)
		require.Len(t, b.reserve("m2"), 1)
		require.Empty(t, b.die("m2"))
		b.end(running, core.RunSucceeded)
		require.Equal(t, r.ID, b.one().ID)

		b.plan(k, testdb.Now())
		require.Empty(t, b.dispatch())
		b.move(k.ID, core.TaskPaused)
		require.Empty(t, b.list(store.RunFilter{TaskID: k.ID, State: core.RunPlanned}))
		require.Len(t, b.list(store.RunFilter{TaskID: k.ID, State: core.RunCancelled}), 1)
	})
}

// A firing that a dead master held comes after a newer one has begun: that one stays, and so it does when it is a retry.
func TestOlderFiringTakesNoPlace(t *testing.T) {
	for name, again := range map[string]bool{"the newer one's first run": false, "the newer one's retry": true} {
		t.Run(name, func(t *testing.T) {
			virtual(t, func(t *testing.T, b *bundle) {
				k := b.task(replacing, retrying)
				older := b.plan(k, testdb.Now())
				require.Len(t, b.reserve("m2"), 1)
				time.Sleep(time.Second)
				newer := b.plan(k, testdb.Now())
				running := b.one()
				require.Equal(t, newer.ID, running.ID)
				if again {
					b.end(running, core.RunFailed)
					time.Sleep(10 * time.Second)
					running = b.one()
					require.Equal(t, core.TriggerRetry, running.Trigger)
				}
				require.Empty(t, b.die("m2"))
				require.Empty(t, b.dispatch())
				got := b.run(older.ID)
				require.Equal(t, core.RunSkipped, got.State)
				require.Contains(t, got.Result.Reason, running.ID)
				require.Empty(t, b.asked())
				b.end(running, core.RunSucceeded)
			})
		})
	}
}

func TestNewerFiringTakesThePlace(t *testing.T) {
	virtual(t, func(t *testing.T, b *bundle) {
		k := b.task(replacing)
		b.plan(k, testdb.Now())
		running := b.one()
		time.Sleep(time.Second)
		second := b.plan(k, testdb.Now())
		batch := b.reserve(master)
		require.Empty(t, b.give(master, worker, batch...))
		require.True(t, batch[0].Replaces)
		require.Equal(t, []store.Cancel{{Held: held(running)[0], Holder: worker, Reason: "run " + second.ID + " of the task took its place"}},
			b.cancels(), "on disk, whoever has the worker's stream")
		require.Equal(t, core.RunPlanned, b.run(second.ID).State)

		time.Sleep(time.Second)
		third := b.plan(k, testdb.Now())
		require.Empty(t, b.dispatch())
		got := b.run(second.ID)
		require.Equal(t, core.RunSkipped, got.State)
		require.Contains(t, got.Result.Reason, third.ID)
		require.Equal(t, []string{running.ID}, b.asked())

		b.end(running, core.RunCancelled)
		require.Equal(t, third.ID, b.one().ID)
		require.Equal(t, map[string]string{k.ID: third.ID}, b.guards())
	})
}

// A firing whose turn comes after that of a newer one, because its worker had no slot, does not take the newer one's place.
func TestOlderFiringIsSkipped(t *testing.T) {
	virtual(t, func(t *testing.T, b *bundle) {
		k := b.task(replacing)
		b.plan(k, testdb.Now())
		b.one()
		time.Sleep(time.Second)
		older := b.plan(k, testdb.Now(), func(r *core.Run) { r.Queue = "node:w9" })
		time.Sleep(time.Second)
		newer := b.plan(k, testdb.Now())
		require.Empty(t, b.dispatch())
		require.Empty(t, b.give(master, worker, b.reserve(master, "node:w9")...))
		require.Equal(t, core.RunSkipped, b.run(older.ID).State)
		require.Contains(t, b.run(older.ID).Result.Reason, newer.ID)
		require.Equal(t, core.RunPlanned, b.run(newer.ID).State)
	})
}

func TestFiringsOfManyRunsQueue(t *testing.T) {
	virtual(t, func(t *testing.T, b *bundle) {
		k := b.task(queueing, spread, func(k *core.Task) { k.OverlapWaiting = 1 })
		first := b.fire(k)
		sent := b.dispatch()
		time.Sleep(time.Second)
		second := b.fire(k)
		reserved := b.reserve(master)
		require.Empty(t, b.give(master, worker, reserved[1]))
		require.Empty(t, b.give(master, worker, reserved[0], reserved[2]))
		require.Equal(t, all(core.RunPlanned), b.byShard(second[0]), "it counts as one firing that waits")
		time.Sleep(time.Second)
		third := b.fire(k)
		require.Empty(t, b.dispatch())
		require.Equal(t, all(core.RunConflict), b.byShard(third[0]))

		b.end(sent[0], core.RunSucceeded)
		require.Empty(t, b.dispatch(), "two shards are still under way")
		b.end(sent[1], core.RunSucceeded)
		b.end(sent[2], core.RunSucceeded)
		require.Equal(t, all(core.RunSucceeded), b.byShard(first[0]))
		require.Len(t, b.dispatch(), testdb.Shards, "all shards of the next come at once")
		require.Equal(t, map[string]string{k.ID: second[0].ID}, b.guards())
	})
}

func TestFiringsOfManyRunsAreReplaced(t *testing.T) {
	virtual(t, func(t *testing.T, b *bundle) {
		k := b.task(replacing, spread)
		first := b.fire(k)
		reserved := b.reserve(master)
		one := b.give(master, worker, reserved[0])
		time.Sleep(time.Second)
		second := b.fire(k)
		later := b.reserve("m2")
		require.Empty(t, b.give("m2", "w2", later[0]))
		require.Equal(t, []core.RunState{core.RunDispatched, core.RunSkipped, core.RunSkipped}, b.byShard(first[0]), "what has not begun never will")
		require.Empty(t, b.give(master, worker, reserved[1:]...))
		require.Equal(t, []string{one[0].ID}, b.asked())
		require.Empty(t, b.give("m2", "w2", later[1:]...))
		require.Equal(t, all(core.RunPlanned), b.byShard(second[0]))
		b.end(one[0], core.RunCancelled)
		sent := b.dispatch()
		require.Len(t, sent, testdb.Shards)

		// Where nothing of the old one is under way, the new one need not wait.
		for _, r := range sent[:2] {
			b.end(r, core.RunSucceeded)
		}
		require.NoError(t, b.Return(b.ctx, held(sent[2]), testdb.AnyWorker))
		require.Len(t, b.guards(), 1, "one shard is still to begin")
		time.Sleep(time.Second)
		third := b.fire(k)
		var news []*store.Reserved
		for _, r := range b.reserve(master) {
			if r.Firing() == third[0].Firing() {
				news = append(news, r)
			}
		}
		require.Empty(t, b.give(master, worker, news...))
		require.Equal(t, []core.RunState{core.RunSucceeded, core.RunSucceeded, core.RunSkipped}, b.byShard(second[0]))
		require.Empty(t, b.guards())
		time.Sleep(core.LookAhead)
		require.Len(t, b.dispatch(), testdb.Shards)
	})
}

// The rest of a firing that is under way goes on, whoever waits: else each would wait for the other.
func TestRestOfAFiringOvertakesTheQueue(t *testing.T) {
	virtual(t, func(t *testing.T, b *bundle) {
		k := b.task(queueing, spread)
		b.fire(k)
		b.dispatch()
		time.Sleep(time.Second)
		b.die(worker) // all three are to be recovered, and were due before the next
		require.Empty(t, b.guards())
		again := b.reserve(master)
		require.Len(t, again, testdb.Shards)
		time.Sleep(time.Second)
		b.fire(k)
		require.Empty(t, b.dispatch(), "recovery runs go first")
		require.Len(t, b.give(master, "w2", again[0]), 1)
		require.Len(t, b.give(master, "w2", again[1:]...), 2)
	})
}

// A run that never got to its worker goes back to the queue, and meanwhile a newer firing of its task may go. Those that came
// while it was on its way were turned away because of it, so it is not turned away in its turn: it waits.
func TestGivenBackBehindANewerFiring(t *testing.T) {
	virtual(t, func(t *testing.T, b *bundle) {
		k := b.task()
		first := b.fire(k)[0]
		given := b.dispatch()
		time.Sleep(time.Second)
		second := b.fire(k)[0]
		require.Empty(t, b.dispatch())
		require.Equal(t, core.RunConflict, b.run(second.ID).State)
		require.NoError(t, b.Return(b.ctx, held(given...), testdb.AnyWorker))
		mine := b.reserve(master)
		time.Sleep(time.Second)
		third := b.fire(k)[0]
		newer := b.one()
		require.Equal(t, third.ID, newer.ID)
		require.Empty(t, b.give(master, worker, mine...))
		got := b.run(first.ID)
		require.Equal(t, core.RunPlanned, got.State)
		require.True(t, got.PutOff())
		b.end(newer, core.RunSucceeded)
		time.Sleep(time.Second + core.LookAhead)
		require.Equal(t, first.ID, b.one().ID, "its turn has come")
	})
}
