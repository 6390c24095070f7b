package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/store"
)

// say edits what an administrator says of the worker of the tests.
func (b *bundle) administer(edit core.NodeEdit) *core.Node {
	b.t.Helper()
	n, err := b.EditNode(b.ctx, core.NodeWorker, worker, edit)
	require.NoError(b.t, err)
	stored, err := b.Node(b.ctx, core.NodeWorker, worker)
	require.NoError(b.t, err)
	require.Equal(b.t, n, stored)
	return n
}

// An administrator's word goes before the node's own, survives the node's coming back, and can be taken back.
func TestWhatAnAdministratorSaysOfANode(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		own := core.Traits{State: core.NodeEnabled, Weight: 1}
		n := b.administer(core.NodeEdit{})
		require.Equal(t, own, n.Own)
		require.Zero(t, n.Admin)

		b.administer(core.NodeEdit{Weight: new(7)})
		n = b.administer(core.NodeEdit{State: new(core.NodeDisabled), Labels: &[]string{"gpu"}})
		require.Equal(t, core.Traits{State: core.NodeDisabled, Weight: 7, Labels: []string{"gpu"}}, n.Admin, "what an edit does not name stays")
		require.Equal(t, n.Admin, core.Traits{State: n.State, Weight: n.Weight, Labels: n.Labels}, "and all of it is in force")

		again := core.Node{Kind: core.NodeWorker, Name: worker, Incarnation: worker, State: core.NodeEnabled, Weight: 2, Slots: 3, Labels: []string{"eu"}}
		require.NoError(t, b.Register(b.ctx, &again, "", time.Minute))
		require.Equal(t, n.Admin, again.Admin)
		require.Equal(t, core.NodeDisabled, again.State)
		require.Equal(t, core.Traits{State: core.NodeEnabled, Weight: 2, Labels: []string{"eu"}}, again.Own)

		n = b.administer(core.NodeEdit{Labels: &[]string{}})
		require.Empty(t, n.Labels, "to say that there are none is to say something")
		require.NotNil(t, n.Admin.Labels)
		n = b.administer(core.NodeEdit{State: new(core.NodeState("")), Weight: new(0), Labels: new([]string)})
		require.Zero(t, n.Admin)
		require.Equal(t, n.Own, core.Traits{State: n.State, Weight: n.Weight, Labels: n.Labels})
	})
}

func TestEditsThatAreRefusedChangeNothing(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		b.administer(core.NodeEdit{State: new(core.NodeDisabled)})
		_, err := b.EditNode(b.ctx, core.NodeWorker, worker, core.NodeEdit{State: new(core.NodeDraining), Weight: new(5)})
		requireCode(t, err, core.CodeConflict)
		require.Equal(t, 1, b.administer(core.NodeEdit{}).Weight)
		_, err = b.EditNode(b.ctx, core.NodeWorker, "nobody", core.NodeEdit{})
		requireCode(t, err, core.CodeNotFound)
		_, err = b.EditNode(b.ctx, core.NodeMaster, master, core.NodeEdit{Weight: new(5)})
		requireCode(t, err, core.CodeConflict)
	})
}

func TestDeletingANode(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		b.plan(b.task(), testdb.Now())
		run := b.one()
		refused := errors.New("refused")
		var told int64
		allow := func(err error) func(*core.Node, time.Time, int64) error {
			return func(n *core.Node, now time.Time, runs int64) error {
				require.Equal(t, worker, n.Name)
				require.True(t, n.Alive(now))
				told = runs
				return err
			}
		}
		require.ErrorIs(t, b.DeleteNode(b.ctx, core.NodeWorker, worker, allow(refused)), refused)
		require.EqualValues(t, 1, told)
		require.Equal(t, worker, b.administer(core.NodeEdit{}).Name, "it is still there")

		b.administer(core.NodeEdit{Weight: new(9)})
		b.report(testdb.Outcome(run.Run, core.RunSucceeded))
		require.NoError(t, b.DeleteNode(b.ctx, core.NodeWorker, worker, allow(nil)))
		require.Zero(t, told)
		_, err := b.Node(b.ctx, core.NodeWorker, worker)
		requireCode(t, err, core.CodeNotFound)
		requireCode(t, b.DeleteNode(b.ctx, core.NodeWorker, worker, allow(nil)), core.CodeNotFound)
		gone, err := b.Renew(b.ctx, []store.Beat{{Incarnation: worker, Kind: core.NodeWorker, Name: worker, Lease: time.Hour}})
		require.NoError(t, err)
		require.Equal(t, []string{worker}, gone, "its heartbeats are refused")

		b.register(core.NodeWorker, worker, "", time.Hour)
		require.Zero(t, b.administer(core.NodeEdit{}).Admin, "it comes back as a new one")
	})
}
