package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/store"
)

func (b *bundle) logs() []string {
	b.t.Helper()
	dump, err := b.Dump(b.ctx)
	require.NoError(b.t, err)
	return dump["run_logs"]
}

// Nothing is kept of a run that nobody knows: no run would take its log along when it is pruned.
func TestNoLogOfARunThatNobodyKnows(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		line := core.LogLine{At: testdb.Now(), Level: "info", Text: "a line"}
		b.plan(b.task(), testdb.Now())
		r := b.one()
		b.say(held(r)[0], 0, line)
		b.end(r, core.RunSucceeded)
		b.say(held(r)[0], 1, line)
		b.report(testdb.Outcome(r.Run, core.RunFailed))
		require.Len(t, b.logs(), 3, "of one that has ended, late lines are kept")

		n, err := b.Prune(b.ctx, testdb.Now().Add(time.Hour), 10)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		b.say(held(r)[0], 2, line)
		b.say(store.Held{RunID: "zzz"}, 0, line)
		rec := b.report(testdb.Outcome(r.Run, core.RunFailed), core.Outcome{RunID: "zzz", State: core.RunFailed})
		require.Len(t, rec.Stale, 2, "its worker forgets it all the same")
		require.Empty(t, b.logs())
	})
}

func TestLogsOfRunsThatNobodyKnowsArePruned(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		base := testdb.Now()
		k := b.task(overlapping)
		log := func(id string) {
			require.NoError(t, b.Exec(b.ctx, "INSERT INTO run_logs (run_id,token,first_line,chunk) VALUES (?,1,0,'')", id))
			require.NoError(t, b.Exec(b.ctx, "INSERT INTO run_logs (run_id,token,first_line,chunk) VALUES (?,1,1,'')", id))
		}
		log(b.plan(k, base.Add(-2*time.Hour)).ID)
		ended := b.plan(k, base.Add(-2*time.Hour-1))
		b.miss("late", ended)
		log(ended.ID)
		for i := range 3 {
			log(core.RunID(base.Add(-3*time.Hour), string(rune('a'+i))))
		}
		log(core.RunID(base, "too young"))

		var counts []int
		for range 3 {
			n, err := b.PruneLogs(b.ctx, base.Add(-time.Hour), 2)
			require.NoError(t, err)
			counts = append(counts, n)
		}
		require.Equal(t, []int{2, 1, 0}, counts)
		require.Len(t, b.logs(), 2*3)
	})
}
