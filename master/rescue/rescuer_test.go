package rescue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/plan"
	"github.com/carillonhq/carillon/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	now     = time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC)
	errAway = errors.New("the database is away")
)

// cluster stands for the store.
type cluster struct {
	nodes     []core.Node
	expired   []core.Node
	lost      map[string][]*core.Run
	back      map[string]bool // incarnations that renewed their lease after they were listed
	stranded  []store.Stranded
	failing   map[string]error
	recovered []string
	moved     []string
	asked     struct {
		served []string
		until  time.Time
		limit  int
		from   []store.Place
	}
	pages int // of stranded runs behind the one there is

	passed      time.Duration          // since now
	late        map[string][]*core.Run // planned and late, by task
	definitions map[string]*store.TaskDefinition
	reserved    map[string]bool // late runs that a master takes before they can be ended
	missed      []*core.Run
	batches     []int
}

// newCluster makes a cluster in which nothing is wrong.
func newCluster() *cluster {
	return &cluster{failing: map[string]error{}, late: map[string][]*core.Run{}, definitions: map[string]*store.TaskDefinition{}}
}

func (c *cluster) Now() time.Time { return now.Add(c.passed) }

func (c *cluster) LateTasks(_ context.Context, before time.Time) ([]string, error) {
	var tasks []string
	for id, runs := range c.late {
		if slices.ContainsFunc(runs, func(r *core.Run) bool { return r.Due.Before(before) }) {
			tasks = append(tasks, id)
		}
	}
	slices.Sort(tasks)
	return tasks, c.failing["late"]
}

func (c *cluster) LateRuns(_ context.Context, taskID string, from, before time.Time, limit int) ([]*core.Run, error) {
	var late []*core.Run
	for _, r := range c.late[taskID] {
		if !r.Due.Before(from) && r.Due.Before(before) && len(late) < limit {
			late = append(late, r)
		}
	}
	return late, c.failing["runs"]
}

func (c *cluster) Definition(_ context.Context, taskID string, _ int64) (*store.TaskDefinition, error) {
	return c.definitions[taskID], c.failing["definition"]
}

func (c *cluster) EndPlanned(_ context.Context, master string, runs []*core.Run) error {
	if err := c.failing["end"]; err != nil {
		return err
	}
	if master != "" {
		return errors.New("wants those that nobody holds")
	}
	c.batches = append(c.batches, len(runs))
	for _, r := range runs {
		if !c.reserved[r.ID] {
			r.RecordedAt = c.Now()
			c.missed = append(c.missed, r)
			c.late[r.TaskID] = slices.DeleteFunc(c.late[r.TaskID], func(o *core.Run) bool { return o == r })
		}
	}
	return nil
}

// EndLate makes up for the last of the runs.
func (c *cluster) EndLate(ctx context.Context, holder string, runs []*core.Run) (made []*core.Run, err error) {
	if err := c.failing["settle"]; err != nil {
		return nil, err
	}
	return runs[len(runs)-1:], c.EndPlanned(ctx, holder, runs[:len(runs)-1])
}

func (c *cluster) Nodes(context.Context) ([]core.Node, error) { return c.nodes, c.failing["nodes"] }

func (c *cluster) Expired(context.Context) ([]core.Node, error) {
	return c.expired, c.failing["expired"]
}

func (c *cluster) Recover(_ context.Context, incarnation string, route store.Route) ([]*core.Run, bool, error) {
	if err := c.failing[incarnation]; err != nil {
		return nil, false, err
	}
	if route(core.Destination{Executors: []string{"w1"}})[0] != "node:w1" {
		return nil, false, errors.New("wants a route")
	}
	c.recovered = append(c.recovered, incarnation)
	return c.lost[incarnation], !c.back[incarnation], nil
}

func (c *cluster) Stranded(_ context.Context, served []string, until time.Time, from store.Place, limit int) ([]store.Stranded, store.Place, error) {
	c.asked.served, c.asked.until, c.asked.limit, c.asked.from = served, until, limit, append(c.asked.from, from)
	if err := c.failing["stranded"]; err != nil {
		return nil, store.Place{}, err
	}
	if page, _ := strconv.Atoi(from.RunID); page < c.pages {
		return nil, store.Place{RunID: strconv.Itoa(page + 1)}, nil
	}
	return c.stranded, store.Place{}, nil
}

func (c *cluster) Reroute(_ context.Context, from, to string, ids []string) error {
	c.moved = append(c.moved, fmt.Sprint(from, " > ", to, " ", ids))
	return c.failing["reroute"]
}

func (c *cluster) Spread(_ context.Context, runID string, queues []string) error {
	c.moved = append(c.moved, fmt.Sprint(runID, " over ", queues))
	return c.failing["spread"]
}

func (c *cluster) Abandon(_ context.Context, queue, reason string, ids []string, _ store.Route) (over []*core.Run, err error) {
	c.moved = append(c.moved, fmt.Sprint(queue, " given up ", ids, ": ", reason))
	for _, id := range ids {
		over = append(over, &core.Run{ID: id})
	}
	return over, c.failing["abandon"]
}

type told struct {
	ended []string
	wakes []time.Time
}

// rescuer makes a Rescuer that has been at it for a while.
func rescuer(c *cluster) (*Rescuer, *told) {
	r, heard := starting(c)
	r.doubt.looked = now
	return r, heard
}

func starting(c *cluster) (*Rescuer, *told) {
	var heard told
	return New(Options{
		Store: c, Router: new(plan.Router), Logger: slog.New(slog.DiscardHandler),
		Mine:  func(incarnation string) bool { return incarnation == "mine" },
		Wake:  func(at time.Time) { heard.wakes = append(heard.wakes, at) },
		Ended: func(r *core.Run) { heard.ended = append(heard.ended, r.ID) },
	}), &heard
}

// waiting is a run that waits for a worker and may go to some.
func waiting(run, worker string, executors ...string) store.Stranded {
	return store.Stranded{RunID: run, Queue: core.QueueOfNode(worker), Destination: core.Destination{Executors: executors, Last: worker}}
}

func alive(name string) core.Node {
	return core.Node{Kind: core.NodeWorker, Name: name, Incarnation: name + "-1", State: core.NodeEnabled, Weight: 1, LeaseUntil: now.Add(time.Second)}
}

func TestWhatTheDeadHeldIsRecovered(t *testing.T) {
	t.Parallel()
	c := &cluster{
		expired: []core.Node{{Incarnation: "a"}, {Incarnation: "broken"}, {Incarnation: "back"}, {Incarnation: "b"}},
		lost:    map[string][]*core.Run{"a": {{ID: "run-1"}, {ID: "run-2"}}},
		back:    map[string]bool{"back": true},
		failing: map[string]error{"broken": errAway},
	}
	r, heard := rescuer(c)
	require.ErrorIs(t, r.RunOnce(t.Context()), errAway)
	require.Equal(t, []string{"a", "back", "b"}, c.recovered, "one that fails does not stop the others")
	require.Equal(t, []string{"run-1", "run-2"}, heard.ended)
	require.Equal(t, []time.Time{now, now}, heard.wakes, "for each that was dead")
}

func TestStrandedRunsGoToAnotherOfTheirWorkers(t *testing.T) {
	t.Parallel()
	dead := alive("w1")
	dead.LeaseUntil = now
	c := &cluster{
		nodes: []core.Node{dead, alive("w2"), alive("w3")},
		stranded: []store.Stranded{
			waiting("run-1", "w1", "w1", "w2"),
			waiting("run-2", "w1", "w1"),
			waiting("run-3", "w1", "w3", "w1"),
			waiting("run-4", "w1", "w2"),
		},
	}
	r, _ := rescuer(c)
	require.NoError(t, r.RunOnce(t.Context()))
	require.ElementsMatch(t, []string{"node:w1 > node:w2 [run-1 run-4]", "node:w1 > node:w3 [run-3]"}, c.moved, "those that name only the dead wait for it")
	require.Equal(t, []string{"node:w2", "node:w3"}, c.asked.served)
	require.Equal(t, now.Add(core.LookAhead), c.asked.until)
	require.Equal(t, strandedPage, c.asked.limit)
}

// However many runs wait for a worker that is gone, those behind them that another may do are found, and no pass looks
// at more than its share.
func TestStrandedRunsAreFoundBehindMany(t *testing.T) {
	t.Parallel()
	c := newCluster()
	c.nodes, c.pages = []core.Node{alive("w2")}, 2*strandedPages
	c.stranded = []store.Stranded{waiting("run-1", "w1", "w1", "w2")}
	r, _ := rescuer(c)
	for pass := range 2 {
		require.NoError(t, r.RunOnce(t.Context()))
		require.Len(t, c.asked.from, (pass+1)*strandedPages)
		require.Empty(t, c.moved)
	}
	require.NoError(t, r.RunOnce(t.Context()))
	require.Equal(t, []string{"node:w1 > node:w2 [run-1]"}, c.moved)
	for i, from := range c.asked.from[1:] {
		require.Equal(t, strconv.Itoa(i+1), from.RunID, "each look goes on where the last one stopped")
	}
	require.NoError(t, r.RunOnce(t.Context()))
	require.Equal(t, store.Place{}, c.asked.from[2*strandedPages+1], "and from the start after the last")

	c.failing["stranded"] = errAway
	place := r.place
	require.ErrorIs(t, r.RunOnce(t.Context()), errAway)
	require.Equal(t, place, r.place, "a look that fails is taken again")
}

func TestFiringsToAllWorkersWhenSomeAreGone(t *testing.T) {
	t.Parallel()
	of := func(run, worker string, strategy core.Strategy, strict bool, late time.Duration) store.Stranded {
		s := waiting(run, worker)
		s.Destination.Routing = core.Routing{Strategy: strategy, Strict: strict}
		if strict {
			s.Destination.Executors = []string{worker}
		}
		s.FireAt = now.Add(-late)
		return s
	}
	const long = core.Lease + 1
	c := &cluster{
		nodes: []core.Node{alive("w2")},
		stranded: []store.Stranded{
			of("unrouted", "", core.RouteSharded, false, -time.Second),
			of("shard", "w1", core.RouteSharded, false, -time.Second),
			of("strict shard", "w1", core.RouteSharded, true, long),
			of("broadcast", "w1", core.RouteBroadcast, false, core.Lease),
			of("late broadcast", "w1", core.RouteBroadcast, false, long),
			of("strict broadcast", "w1", core.RouteBroadcast, true, long),
		},
	}
	r, heard := rescuer(c)
	require.NoError(t, r.RunOnce(t.Context()))
	require.ElementsMatch(t, []string{
		"unrouted over [node:w2]", "node:w1 > node:w2 [shard]",
		"node:w1 given up [late broadcast]: worker w1 was gone before it began, and a broadcast goes to no other in its place",
	}, c.moved)
	require.Equal(t, []string{"late broadcast"}, heard.ended)

	c.nodes, c.moved = nil, nil
	require.NoError(t, r.RunOnce(t.Context()))
	require.Len(t, c.moved, 1, "with nobody alive all but the late broadcast waits: %v", c.moved)
	for _, what := range []string{"spread", "abandon"} {
		c.nodes, c.failing = []core.Node{alive("w2")}, map[string]error{what: errAway}
		require.ErrorIs(t, r.RunOnce(t.Context()), errAway)
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	for what, recovers := range map[string]bool{"nodes": false, "expired": false, "stranded": true, "reroute": true} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			c := &cluster{
				nodes: []core.Node{alive("w2")}, expired: []core.Node{{Incarnation: "a"}}, failing: map[string]error{what: errAway},
				stranded: []store.Stranded{waiting("run-1", "w1", "w2")},
			}
			r, _ := rescuer(c)
			require.ErrorIs(t, r.RunOnce(t.Context()), errAway)
			require.Equal(t, recovers, len(c.recovered) == 1)
			if what == "expired" {
				require.Len(t, c.moved, 1, "runs are routed anew all the same")
			}
			delete(c.failing, what)
			require.NoError(t, r.RunOnce(t.Context()), "the next pass goes on")
		})
	}
}

// A master whose database was away for longer than its lease finds itself among the dead.
func TestOwnProcessIsNotGivenUp(t *testing.T) {
	t.Parallel()
	c := &cluster{expired: []core.Node{{Incarnation: "mine"}, {Incarnation: "other"}}}
	r, _ := rescuer(c)
	require.NoError(t, r.RunOnce(t.Context()))
	require.Equal(t, []string{"other"}, c.recovered)
}
