package chaos

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/e2e/chaos/evidence"
)

func planOptions(t *testing.T, database string, seed uint64, length time.Duration) Options {
	t.Helper()
	return Options{Database: database, Seed: seed, Time: length}.withDefaults()
}

// A plan follows from its seed.
func TestPlanIsRepeatable(t *testing.T) {
	t.Parallel()
	for _, database := range []string{Postgres, SQLite} {
		o := planOptions(t, database, 7, 10*time.Minute)
		require.Equal(t, Plan(o), Plan(o))
		other := o
		other.Seed = 8
		require.NotEqual(t, Plan(o), Plan(other))
	}
}

// Whatever the seed: faults end in time, leave a master and a worker alone where there are several, strike no process
// twice at once, and in a long run every kind has its turn.
func TestPlansKeepTheRules(t *testing.T) {
	t.Parallel()
	for _, database := range []string{Postgres, SQLite} {
		for seed := range uint64(200) {
			o := planOptions(t, database, seed, 15*time.Minute)
			planned := Plan(o)
			dealt, last := map[string]bool{}, time.Duration(0)
			for i, f := range planned {
				require.GreaterOrEqual(t, f.At, max(firstAt, last), "in the order of time")
				require.LessOrEqual(t, f.At+f.For+recovery, o.Time)
				last = f.At
				dealt[string(f.Kind)+strings.TrimRight(f.Node, "0123456789")] = true
				masters, workers := 0, 0
				for _, other := range planned[:i] {
					if other.At+other.For+recovery < f.At {
						continue
					}
					require.NotEqual(t, f.Node, other.Node, "%s while %s", f, other)
					masters += strings.Count(other.Node, "m")
					workers += strings.Count(other.Node, "w")
				}
				require.Less(t, workers, o.Workers)
				require.Less(t, masters, max(o.Masters, 2))
			}
			for _, c := range deck(o) {
				f := c.deal(&planner{Rand: newRand(seed, 2), masters: []string{"m1"}, workers: []string{"w1"}})
				require.True(t, dealt[string(c.kind)+strings.TrimRight(f.Node, "0123456789")], "%s of %s never comes", c.kind, f.Node)
			}
		}
	}
}

// A run may be kept to some kinds of faults.
func TestPlanOfSomeKinds(t *testing.T) {
	t.Parallel()
	o := planOptions(t, Postgres, 1, 10*time.Minute)
	o.Kinds = []evidence.Kind{evidence.Cut, evidence.Freeze}
	seen := map[evidence.Kind]bool{}
	for _, f := range Plan(o) {
		seen[f.Kind] = true
	}
	require.Equal(t, map[evidence.Kind]bool{evidence.Cut: true, evidence.Freeze: true}, seen)
}

// A short run has faults, too, and each says what it does.
func TestShortPlan(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		for _, f := range Plan(planOptions(t, MariaDB, seed, time.Minute)) {
			require.NotEqual(t, string(f.Kind), f.String())
			require.NotEmpty(t, f.Node)
			if f.Kind == evidence.Cut || f.Kind == evidence.Drop {
				require.NotEmpty(t, f.Peers)
			}
		}
		require.NotEmpty(t, Plan(planOptions(t, MariaDB, seed, time.Minute)))
	}
}
