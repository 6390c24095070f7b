package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/store"
)

// An adopted user keeps a free id, and those who come after get other ones.
func TestAdoptUser(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		first := &core.User{Name: "admin", Role: core.RoleAdmin}
		require.NoError(t, s.CreateUser(t.Context(), first))
		adopt := func(id int64, name string) *core.User {
			u := &core.User{ID: id, Name: name, Role: core.RoleDeveloper, MustChange: true, CreatedAt: testdb.Now()}
			require.NoError(t, s.AdoptUser(t.Context(), u))
			got, err := s.UserByName(t.Context(), name)
			require.NoError(t, err)
			require.Equal(t, u, got)
			return u
		}
		free, freeToo := first.ID+6, first.ID+2
		require.Equal(t, free, adopt(free, "crm").ID)
		require.Equal(t, freeToo, adopt(freeToo, "erp").ID)
		taken := adopt(free, "shop")
		require.NotContains(t, []int64{0, free, freeToo, first.ID}, taken.ID)
		require.NotZero(t, adopt(0, "desk").ID)
		for i := range 8 {
			u := &core.User{Name: "later " + string(rune('a'+i)), Role: core.RoleViewer}
			require.NoError(t, s.CreateUser(t.Context(), u), "ids that were adopted are not given again")
		}
		err := s.AdoptUser(t.Context(), &core.User{ID: free + 99, Name: "crm", Role: core.RoleViewer})
		requireCode(t, err, core.CodeConflict)
	})
}

func TestKnowWorkers(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		joined := core.Node{Kind: core.NodeWorker, Name: "w1", Incarnation: "i", State: core.NodeEnabled, Weight: 3, Slots: 5, StartedAt: testdb.Now()}
		require.NoError(t, s.Register(t.Context(), &joined, "", time.Minute))
		named := []core.Node{{Name: "w1", Weight: 9, Slots: 9}, {Name: "w2", Weight: 2, Slots: 20}, {Name: "w2", Weight: 4, Slots: 4}}
		for range 2 {
			require.NoError(t, s.KnowWorkers(t.Context(), named))
		}
		nodes, err := s.Nodes(t.Context())
		require.NoError(t, err)
		require.Len(t, nodes, 2)
		require.Equal(t, 3, nodes[0].Weight, "one that has joined says itself what it is")
		require.True(t, nodes[0].Alive(s.Now()))
		require.Equal(t, "w2", nodes[1].Name)
		require.Equal(t, 2, nodes[1].Weight)
		require.Equal(t, 20, nodes[1].Slots)
		require.False(t, nodes[1].Alive(s.Now()))

		second := core.Node{Kind: core.NodeWorker, Name: "w2", Incarnation: "j", State: core.NodeEnabled, Weight: 1, Slots: 1, StartedAt: testdb.Now()}
		require.NoError(t, s.Register(t.Context(), &second, "", time.Minute), "it joins under its name")
		nodes, err = s.Nodes(t.Context())
		require.NoError(t, err)
		require.True(t, nodes[1].Alive(s.Now()))
		require.Equal(t, 1, nodes[1].Weight)
	})
}

func TestDelayedByKeys(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		d := testdb.DelayedTask(func(d *core.DelayedTask) { d.IdempotencyKey = "k1" })
		require.NoError(t, s.CreateDelayed(t.Context(), d, store.PlanAhead{}))
		other := testdb.DelayedTask(func(d *core.DelayedTask) { d.IdempotencyKey, d.Namespace = "k2", "other" })
		require.NoError(t, s.CreateDelayed(t.Context(), other, store.PlanAhead{}))
		found, err := s.DelayedByKeys(t.Context(), core.DefaultNamespace, []string{"k1", "k2", "k3"})
		require.NoError(t, err)
		require.Len(t, found, 1)
		require.Equal(t, d.ID, found["k1"].ID)
		require.Equal(t, d.State, found["k1"].State)
		found, err = s.DelayedByKeys(t.Context(), core.DefaultNamespace, nil)
		require.NoError(t, err)
		require.Empty(t, found)
	})
}
