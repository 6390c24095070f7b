package store_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"

	"github.com/carillonhq/carillon/internal/testdb"
)

// Whatever masters, workers, callers and death do, and in whatever order, the store holds what the model says, and what
// the design says must always hold does.
func TestStoreFollowsItsModel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := testdb.Open(t)
		// A bubble has no deadline to ask for, so rapid must not see that t is a *testing.T.
		rapid.Check(struct{ rapid.TB }{t}, func(t *rapid.T) {
			x := &modelled{model: newModel(), s: s, ctx: context.Background(), tokens: map[string]int64{}}
			x.begin(t)
			x.check(t)
			for range rapid.IntRange(modelDepth/2, modelDepth).Draw(t, "operations") {
				rapid.SampledFrom(x.operations()).Draw(t, "operation").do(t)
				x.check(t)
			}
		})
	})
}

// operations are all that may happen, as often as it is likely to.
func (x *modelled) operations() []operation {
	var all []operation
	for _, o := range []struct {
		operation
		weight int
	}{
		{operation{"plan", x.planTasks}, 3},
		{operation{"run by hand", x.runTask}, 1},
		{operation{"move a task", x.moveTask}, 1},
		{operation{"create a delayed task", x.createDelayed}, 4},
		{operation{"plan delayed tasks", x.planDelayed}, 2},
		{operation{"move a delayed task", x.moveDelayed}, 2},
		{operation{"reserve", x.reserve}, 2},
		{operation{"release", x.release}, 1},
		{operation{"end a planned run", x.endPlanned}, 1},
		{operation{"dispatch some", x.dispatch}, 2},
		{operation{"reserve and dispatch", x.dispatchAll}, 5},
		{operation{"start", x.start}, 3},
		{operation{"report", x.report}, 8},
		{operation{"return", x.giveBackRuns}, 2},
		{operation{"cancel a run", x.cancel}, 1},
		{operation{"reconcile", x.reconcile}, 1},
		{operation{"die", x.die}, 1},
		{operation{"let time pass", x.wait}, 4},
	} {
		all = append(all, slices.Repeat([]operation{o.operation}, o.weight)...)
	}
	return all
}

type operation struct {
	name string
	do   func(*rapid.T)
}

// String names the operation where rapid tells of a failure.
func (o operation) String() string { return o.name }
