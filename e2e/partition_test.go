package e2e

import (
	"context"
	"net/http"
	"os"
	"regexp"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/store"
)

var partitioning = regexp.MustCompile("(?s)\n## History by the day\n.*?\n```sql\n(.*?)```\n")

// What docs/scale.md says makes partitions of the history does so, and leaves a Carillon that goes on as before, on both sides
// of the border between two days.
func TestHistoryByTheDay(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/scale.md")
	require.NoError(t, err)
	script := partitioning.FindStringSubmatch(string(text))
	require.NotNil(t, script)
	t.Run("postgres", func(t *testing.T) { // only its partitions are told of
		address := testdb.URL(t, store.Postgres).String()
		database := "CARILLON_DATABASE=" + address
		require.Zero(t, commandIn(t, []string{database}, "", "migrate", "up").status)
		conn, err := pgx.Connect(t.Context(), address)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, conn.Close(context.Background())) })
		_, err = conn.PgConn().Exec(t.Context(), script[1]).ReadAll()
		require.NoError(t, err)

		m := &server{role: "serve", data: t.TempDir(), listenHTTP: anyPort, listenGRPC: anyPort, env: []string{database}}
		m.start(t)
		sink := newSink(t)
		today := m.delayAt(sink.URL, []time.Time{time.Now()}, nil)[0]
		m.awaitDelayed(core.DelayedSucceeded, today)
		require.Equal(t, []string{"run_history_before"}, partitionsOf(t, conn, today))

		// A firing that is due the day after tomorrow, brought forward.
		due := time.Now().Add(48 * time.Hour)
		later := m.delayAt(sink.URL, []time.Time{due}, nil)[0]
		m.do(http.StatusOK, http.MethodPost, "/delayed-tasks/"+later+"/execute", nil, nil)
		m.awaitDelayed(core.DelayedSucceeded, later)
		require.Equal(t, []string{"run_history_" + due.UTC().Format("20060102")}, partitionsOf(t, conn, later))
	})
}

// partitionsOf are the tables that hold the history of a delayed task.
func partitionsOf(t *testing.T, conn *pgx.Conn, id string) []string {
	t.Helper()
	rows, err := conn.Query(t.Context(), "SELECT tableoid::regclass::text FROM run_history WHERE delayed_id = $1", id)
	require.NoError(t, err)
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return names
}
