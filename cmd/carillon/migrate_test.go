package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/store"
)

func TestSchemaVerdict(t *testing.T) {
	t.Parallel()
	taken := time.Date(2026, 11, 21, 13, 31, 37, 0, time.UTC)
	first, second := store.Migration{Version: 1, Name: "0001_init", AppliedAt: taken}, store.Migration{Version: 2, Name: "0002_cluster", AppliedAt: taken}
	waiting := store.Migration{Version: 2, Name: "0002_cluster"}
	for name, tt := range map[string]struct {
		migrations []store.Migration
		status     int
		says       string
		shows      string
	}{
		"up to date": {[]store.Migration{first, second}, 0, "",
			"NUMBER  NAME          APPLIED\n1       0001_init     2026-11-21T13:31:37Z\n2       0002_cluster  2026-11-21T13:31:37Z\n"},
		"pending": {[]store.Migration{first, waiting}, exitPending, "1 of 2 migrations are pending: run `carillon migrate up`",
			"NUMBER  NAME          APPLIED\n1       0001_init     2026-11-21T13:31:37Z\n2       0002_cluster  pending\n"},
		"newer": {[]store.Migration{first, second, {Version: 9, AppliedAt: taken}}, exitNewer, "the database has schema version 9; this binary knows up to 2",
			"NUMBER  NAME                  APPLIED\n1       0001_init             2026-11-21T13:31:37Z\n2       0002_cluster          2026-11-21T13:31:37Z\n9       (not in this binary)  2026-11-21T13:31:37Z\n"},
	} {
		schema := store.Schema{Migrations: tt.migrations, Known: 2}
		var shown strings.Builder
		require.NoError(t, printSchema(&shown, schema), name)
		require.Equal(t, tt.shows, shown.String(), name)
		err := schemaVerdict(schema)
		if tt.status == 0 {
			require.NoError(t, err, name)
			continue
		}
		told, ok := errors.AsType[statusError](err)
		require.True(t, ok, name)
		require.Equal(t, tt.status, told.status, name)
		require.ErrorContains(t, err, tt.says, name)
	}
}
