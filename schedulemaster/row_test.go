package schedulemaster

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/conf/dsn"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/store"
)

// What the drivers give for the types that ScheduleMaster's columns have in the three databases.
func TestValues(t *testing.T) {
	t.Parallel()
	shanghai := shanghai()
	noon := time.Date(2026, 5, 13, 12, 0, 0, 123000, time.UTC)
	const id = "5f3b1c1e-7d2a-4c4b-9e11-0000000000ab"
	r := &row{table: "t", values: map[string]any{
		"null": nil, "string": "s", "bytes": []byte("b"), "int": int64(7), "digits": []byte("-7"), "true": true, "one": int64(1), "zero": int64(0),
		"text one": []byte("1"), "text zero": []byte("0"), "bit one": []byte{1}, "bit zero": []byte{0}, "time": noon, "earliest": time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC),
		"guid": []byte(id), "upper": "5F3B1C1E-7D2A-4C4B-9E11-0000000000AB",
		"uniqueidentifier": []byte{0x1e, 0x1c, 0x3b, 0x5f, 0x2a, 0x7d, 0x4b, 0x4c, 0x9e, 0x11, 0, 0, 0, 0, 0, 0xab},
	}}
	require.Empty(t, r.text("null"))
	require.Equal(t, "s", r.text("string"))
	require.Equal(t, "b", r.text("bytes"))
	require.Zero(t, r.number("null"))
	require.Equal(t, int64(7), r.number("int"))
	require.Equal(t, int64(-7), r.number("digits"))
	for _, column := range []string{"true", "one", "text one", "bit one"} {
		require.True(t, r.truth(column), column)
	}
	for _, column := range []string{"null", "zero", "text zero", "bit zero"} {
		require.False(t, r.truth(column), column)
	}
	require.Equal(t, time.Date(2026, 5, 13, 12, 0, 0, 123000, shanghai), r.instant("time", shanghai), "a time without a zone is local")
	require.True(t, r.instant("null", shanghai).IsZero())
	require.True(t, r.instant("earliest", shanghai).IsZero())
	for _, column := range []string{"guid", "upper", "uniqueidentifier"} {
		require.Equal(t, id, r.guid(column), column)
	}
	require.NoError(t, r.err)

	for want, read := range map[string]func(*row){
		"has no column nothing":                           func(r *row) { r.text("nothing") },
		"column time of ScheduleMaster's table t holds":   func(r *row) { r.text("time") },
		"holds a string, which is not a number":           func(r *row) { r.number("string") },
		"holds a []uint8, which is not a number":          func(r *row) { r.number("bytes") },
		"holds a string, which is not true or false":      func(r *row) { r.truth("string") },
		"holds a int64, which is not a time":              func(r *row) { r.instant("int", shanghai) },
		"column string of ScheduleMaster's table t holds": func(r *row) { r.guid("string") },
	} {
		broken := &row{table: "t", values: r.values}
		read(broken)
		require.ErrorContains(t, broken.err, want)
	}
}

func TestDatabasesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	options := func(target dsn.Target) Options {
		return Options{From: target, Store: testdb.Open(t), Logger: slog.New(slog.DiscardHandler)}
	}
	_, err := Import(t.Context(), options(dsn.File("x.db")))
	require.ErrorContains(t, err, "ScheduleMaster keeps its data in MySQL, PostgreSQL or SQL Server, not in sqlite")

	listener, err := net.Listen("tcp", "127.0.0.1:0") // nobody answers
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	for _, text := range []string{"mysql://u:hush@%s/d", "postgres://u:hush@%s/d", "sqlserver://u:hush@%s?database=d"} {
		target, err := dsn.Parse(fmt.Sprintf(text, listener.Addr()), "")
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		_, err = Import(ctx, options(target))
		cancel()
		require.ErrorContains(t, err, "connect to "+target.String())
		require.NotContains(t, err.Error(), "hush")
	}

	_, err = Import(t.Context(), Options{})
	require.ErrorContains(t, err, "Store and Logger are required")
	_, err = Import(t.Context(), Options{Store: &store.Store{}})
	require.ErrorContains(t, err, "Store and Logger are required")
}

// A database that is not ScheduleMaster's, or of a version that is too old, is told from one that is empty.
func TestDatabaseOfAnotherProgram(t *testing.T) {
	eachServer(t, func(t *testing.T, db *theirs) {
		opts := Options{From: db.target, Store: testdb.Open(t), Logger: slog.New(slog.DiscardHandler)}
		db.exec("DROP TABLE scheduledelayeds")
		_, err := Import(t.Context(), opts)
		require.ErrorContains(t, err, "read ScheduleMaster's table scheduledelayeds")
		db.task(1)
		db.exec("ALTER TABLE schedules DROP COLUMN metatype")
		_, err = Import(t.Context(), opts)
		require.ErrorContains(t, err, "ScheduleMaster's table schedules has no column metatype: only databases of the version of 2020 and later can be read")
	})
}
