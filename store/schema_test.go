package store_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/store"
)

func TestSchemaIsUpToDateOnceOpened(t *testing.T) {
	t.Parallel()
	s := testdb.Open(t)
	schema, err := s.Schema(t.Context())
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(schema.Migrations), 2)
	require.Equal(t, "0001_init", schema.Migrations[0].Name)
	before := int64(0)
	for _, m := range schema.Migrations {
		require.Greater(t, m.Version, before)
		before = m.Version
		require.NotEmpty(t, m.Name)
		require.WithinDuration(t, time.Now(), m.AppliedAt, time.Hour) // the file may be a copy of one made earlier
	}
	require.Zero(t, schema.Pending())
	require.Equal(t, schema.Known, schema.Newest())
}

// Looking changes nothing: neither the schema nor the table that counts its versions is made.
func TestSchemaOfAnEmptyDatabase(t *testing.T) {
	t.Parallel()
	opts := options(filepath.Join(t.TempDir(), "carillon.db"))
	opts.Shared = true
	s, err := store.Open(t.Context(), opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	for range 2 {
		schema, err := s.Schema(t.Context())
		require.NoError(t, err)
		require.Equal(t, len(schema.Migrations), schema.Pending())
		require.Zero(t, schema.Newest())
		tables, err := s.Dump(t.Context())
		require.NoError(t, err)
		require.Empty(t, tables)
	}
}

func TestSchemaOfANewerBinary(t *testing.T) {
	t.Parallel()
	s := testdb.Open(t)
	require.NoError(t, s.Exec(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)"))
	p, err := s.Migrations()
	require.NoError(t, err)
	before, err := s.Schema(t.Context())
	require.NoError(t, err)
	require.Equal(t, int64(9999), before.Newest())
	require.Less(t, before.Known, int64(9999))
	last := before.Migrations[len(before.Migrations)-1]
	require.Equal(t, int64(9999), last.Version)
	require.Empty(t, last.Name)

	require.NoError(t, s.Exec(t.Context(), "DELETE FROM goose_db_version WHERE version_id = 9999"))
	_, err = p.Down(t.Context())
	require.NoError(t, err)
	after, err := s.Schema(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, after.Pending())
	require.Equal(t, before.Migrations[len(before.Migrations)-3].Version, after.Newest())
}
