package v1

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/manage"
)

type fakeOverview struct{ *fakes }

// Get says by its instant which zone it was asked for.
func (f fakeOverview) Get(_ context.Context, zone *time.Location) (*manage.Overview, error) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, zone)
	return &manage.Overview{
		At: at, Days: []manage.Outcomes{{From: at, Runs: map[core.RunState]int64{core.RunFailed: 2}}},
		Lateness: core.LatenessCounts{1: 98, 10: 2}, Open: map[core.RunState]int64{core.RunPlanned: 3},
	}, f.fail
}

func TestOverview(t *testing.T) {
	t.Parallel()
	o := get[Overview](t, &fakes{}, http.StatusOK, call{path: "/overview?zone=Asia/Shanghai", role: core.RoleViewer})
	require.Equal(t, Instant("2025-12-31T16:00:00Z"), o.At)
	require.Equal(t, []Outcomes{{From: o.At, Runs: map[string]int64{"failed": 2}}}, o.Days)
	require.Equal(t, Duration("1s"), o.LatenessP99)
	require.Equal(t, map[string]int64{"planned": 3}, o.Open)
	require.NotNil(t, o.Next, "a list, also when it is empty")
	require.Equal(t, Instant("2026-01-01T00:00:00Z"), get[Overview](t, &fakes{}, http.StatusOK, call{path: "/overview"}).At)
	require.Equal(t, "zone", (&fakes{}).refused(t, http.StatusBadRequest, call{path: "/overview?zone=Mars"}).Field)
}
