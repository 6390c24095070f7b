package rescue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
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
		alive []string
		until time.Time
		limit int
	}
}

func (c *cluster) Now() time.Time { return now }

func (c *cluster) Nodes(context.Context) ([]core.Node, error) { return c.nodes, c.failing["nodes"] }

func (c *cluster) Expired(context.Context) ([]core.Node, error) {
	return c.expired, c.failing["expired"]
}

func (c *cluster) Recover(_ context.Context, incarnation string, route store.Route) ([]*core.Run, bool, error) {
	if err := c.failing[incarnation]; err != nil {
		return nil, false, err
	}
	if route([]string{"w1"}) != "node:w1" {
		return nil, false, errors.New("wants a route")
	}
	c.recovered = append(c.recovered, incarnation)
	return c.lost[incarnation], !c.back[incarnation], nil
}

func (c *cluster) Stranded(_ context.Context, alive []string, until time.Time, limit int) ([]store.Stranded, error) {
	c.asked.alive, c.asked.until, c.asked.limit = alive, until, limit
	return c.stranded, c.failing["stranded"]
}

func (c *cluster) Reroute(_ context.Context, from, to string, ids []string) error {
	c.moved = append(c.moved, fmt.Sprint(from, " > ", to, " ", ids))
	return c.failing["reroute"]
}

type told struct {
	ended []string
	wakes []time.Time
}

func rescuer(c *cluster) (*Rescuer, *told) {
	var heard told
	return New(Options{
		Store: c, Router: new(plan.Router), Logger: slog.New(slog.DiscardHandler),
		Mine:  func(incarnation string) bool { return incarnation == "mine" },
		Wake:  func(at time.Time) { heard.wakes = append(heard.wakes, at) },
		Ended: func(r *core.Run) { heard.ended = append(heard.ended, r.ID) },
	}), &heard
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
			{RunID: "run-1", Queue: "node:w1", Executors: []string{"w1", "w2"}},
			{RunID: "run-2", Queue: "node:w1", Executors: []string{"w1"}},
			{RunID: "run-3", Queue: "node:w1", Executors: []string{"w3", "w1"}},
			{RunID: "run-4", Queue: "node:w1", Executors: []string{"w2"}},
			{RunID: "run-5", Queue: "node:w9"},
		},
	}
	r, _ := rescuer(c)
	require.NoError(t, r.RunOnce(t.Context()))
	require.ElementsMatch(t, []string{"node:w1 > node:w2 [run-1 run-4]", "node:w1 > node:w3 [run-3]"}, c.moved, "those that name only the dead wait for it")
	require.Equal(t, []string{"w2", "w3"}, c.asked.alive)
	require.Equal(t, now.Add(core.LookAhead), c.asked.until)
	require.Equal(t, strandedBatch, c.asked.limit)
}

func TestFailures(t *testing.T) {
	t.Parallel()
	for what, recovers := range map[string]bool{"nodes": false, "expired": false, "stranded": true, "reroute": true} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			c := &cluster{
				nodes: []core.Node{alive("w2")}, expired: []core.Node{{Incarnation: "a"}}, failing: map[string]error{what: errAway},
				stranded: []store.Stranded{{RunID: "run-1", Queue: "node:w1", Executors: []string{"w2"}}},
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
