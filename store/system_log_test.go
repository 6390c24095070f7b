package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/store"
)

// logLines are lines of each level in turn, a second apart.
func logLines(n int) (lines []core.LogRecord) {
	levels := core.LogLevels()
	for i := range n {
		at := testdb.Now().Add(time.Duration(i) * time.Second)
		lines = append(lines, core.LogRecord{
			ID: core.RunID(at, "l"), At: at, Level: levels[i%len(levels)], Node: "m1", Message: "停止 the line", Attributes: "a=1",
		})
	}
	return lines
}

func TestSystemLog(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		ctx, lines := t.Context(), logLines(100)
		require.NoError(t, s.AddLog(ctx, lines))
		require.NoError(t, s.AddLog(ctx, lines[:2]), "a batch whose end was not heard of is stored again")

		latest, err := s.SystemLog(ctx, store.LogFilter{Limit: 3})
		require.NoError(t, err)
		require.Equal(t, []core.LogRecord{lines[99], lines[98], lines[97]}, latest)
		before, err := s.SystemLog(ctx, store.LogFilter{Before: lines[97].ID, Limit: 1})
		require.NoError(t, err)
		require.Equal(t, lines[96:97], before)
		grave, err := s.SystemLog(ctx, store.LogFilter{
			Levels: []core.LogLevel{core.LogWarn, core.LogError}, From: lines[10].At, To: lines[20].At, Limit: 50,
		})
		require.NoError(t, err)
		require.Equal(t, []core.LogRecord{lines[19], lines[18], lines[15], lines[14], lines[11], lines[10]}, grave)

		n, err := s.PruneSystemLog(ctx, lines[50].At, 40)
		require.NoError(t, err)
		require.Equal(t, 40, n)
		n, err = s.PruneSystemLog(ctx, lines[50].At, 40)
		require.NoError(t, err)
		require.Equal(t, 10, n)
		left, err := s.SystemLog(ctx, store.LogFilter{Limit: 100})
		require.NoError(t, err)
		require.Len(t, left, 50)
	})
}
