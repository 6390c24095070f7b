package manage

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

// Every line that is asked for is on one of the pages, each once, in the order of time, however few of them there are among
// those that are not.
func TestSystemLog(t *testing.T) {
	t.Parallel()
	b := setup(t)
	begun := b.store.Now()
	var all []core.LogRecord
	for i := range 2500 {
		at := begun.Add(time.Duration(i) * time.Millisecond)
		l := core.LogRecord{ID: core.RunID(at, "l"), At: at, Level: core.LogInfo, Node: "m1", Message: fmt.Sprint("line ", i)}
		if i%500 == 0 {
			l.Level, l.Node, l.Attributes = core.LogError, "m2", "error=Refused"
		}
		all = append(all, l)
	}
	require.NoError(t, b.store.AddLog(b.ctx, all))
	for name, c := range map[string]struct {
		query LogQuery
		want  int
	}{
		"all":   {LogQuery{Limit: 400}, 2500},
		"grave": {LogQuery{Least: core.LogWarn, Limit: 2}, 5},
		"text":  {LogQuery{Text: "refused", Limit: 2}, 5},
		"node":  {LogQuery{Node: "m1", Text: "LINE 12", Limit: 50}, 111},
		"time":  {LogQuery{From: begun.Add(time.Second), To: begun.Add(2 * time.Second), Limit: 300}, 1000},
		"none":  {LogQuery{Text: "nowhere", Limit: 10}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []core.LogRecord
			for q := c.query; ; {
				lines, next, err := b.Log.List(b.ctx, q)
				require.NoError(t, err)
				require.LessOrEqual(t, len(lines), q.Limit)
				got = append(got, lines...)
				if q.Before = next; next == "" {
					break
				}
			}
			require.Len(t, got, c.want)
			for i := 1; i < len(got); i++ {
				require.True(t, got[i].At.Before(got[i-1].At))
			}
		})
	}
	latest, err := b.Log.Latest(b.ctx)
	require.NoError(t, err)
	require.Equal(t, all[2499].ID, latest)
}
