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

type fakeSystemLog struct{ *fakes }

func (f fakeSystemLog) List(_ context.Context, q manage.LogQuery) ([]core.LogRecord, string, error) {
	f.logQuery = q
	if q.Before == "" && len(f.log) > 0 {
		return f.log, f.log[len(f.log)-1].ID, nil
	}
	return nil, "", nil
}

func TestSystemLogIsListed(t *testing.T) {
	t.Parallel()
	f := &fakes{log: []core.LogRecord{*filled[core.LogRecord]()}}
	first := get[Page[LogRecord]](t, f, http.StatusOK, call{path: "/system-log", role: core.RoleOperator})
	require.Equal(t, []LogRecord{logRecordOf(&f.log[0])}, first.Items)
	require.NotEmpty(t, first.Items[0].Attributes)
	second := get[Page[LogRecord]](t, f, http.StatusOK, call{
		path: "/system-log?level=Warn&node=m1&text=refused&from=2026-01-02T00:00:00Z&to=2026-01-03T00:00:00Z&limit=7&cursor=" + first.Next,
	})
	require.Empty(t, second.Items)
	require.Empty(t, second.Next)
	require.Equal(t, manage.LogQuery{
		Least: core.LogWarn, Node: "m1", Text: "refused", From: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC),
		To: time.Date(2026, 1, 3, 0, 0, 0, 0, time.UTC), Before: f.log[0].ID, Limit: 7,
	}, f.logQuery)
	require.Equal(t, "level", f.refused(t, http.StatusBadRequest, call{path: "/system-log?level=loud"}).Field)
}
