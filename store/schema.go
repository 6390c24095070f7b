package store

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
)

// Migration is one numbered step of the schema.
type Migration struct {
	Version int64
	// Name is what the file is called, such as 0001_init; empty when this binary does not have it.
	Name string
	// AppliedAt is when the database took the step, by its own clock; zero when it has not.
	AppliedAt time.Time
}

// Schema is how far a database's schema is.
type Schema struct {
	// Migrations are those of the binary and those that the database has taken, by version.
	Migrations []Migration
	// Known is the newest version that the binary has.
	Known int64
}

// Pending counts the migrations that the database has not taken yet.
func (s Schema) Pending() int {
	pending := 0
	for _, m := range s.Migrations {
		if m.AppliedAt.IsZero() {
			pending++
		}
	}
	return pending
}

// Newest is the newest version that the database has taken; 0 when there is none. One above Known is a newer binary's.
func (s Schema) Newest() int64 {
	newest := int64(0)
	for _, m := range s.Migrations {
		if !m.AppliedAt.IsZero() {
			newest = max(newest, m.Version)
		}
	}
	return newest
}

// Schema tells how far the database's schema is. It writes nothing: a database that no migration has touched stays empty.
func (s *Store) Schema(ctx context.Context) (Schema, error) {
	pool, err := s.reader.DB()
	if err != nil {
		return Schema{}, s.edge(err)
	}
	provider, err := migrations(s.kind, pool)
	if err != nil {
		return Schema{}, fmt.Errorf("read the migrations: %w", err)
	}
	var schema Schema
	for _, source := range provider.ListSources() {
		schema.Migrations = append(schema.Migrations, Migration{
			Version: source.Version, Name: strings.TrimSuffix(path.Base(source.Path), path.Ext(source.Path)),
		})
		schema.Known = max(schema.Known, source.Version)
	}
	// gorm takes a database that does not answer for one without the table, so that is asked apart.
	if err := s.Ping(ctx); err != nil {
		return Schema{}, s.edge(err)
	}
	if !s.reader.WithContext(ctx).Migrator().HasTable(goose.DefaultTablename) {
		return schema, nil
	}
	if err := schema.readApplied(ctx, gooseDialect(s.kind), pool); err != nil {
		return Schema{}, s.edge(fmt.Errorf("read the schema's version: %w", err))
	}
	return schema, nil
}

// readApplied notes when the database took each migration.
func (s *Schema) readApplied(ctx context.Context, dialect goose.Dialect, pool database.DBTxConn) error {
	log, err := database.NewStore(dialect, goose.DefaultTablename)
	if err != nil {
		return err
	}
	applied, err := log.ListMigrations(ctx, pool)
	if err != nil {
		return err
	}
	for _, a := range applied {
		if a.Version == 0 || !a.IsApplied { // goose begins with a row for no migration at all
			continue
		}
		at := slices.IndexFunc(s.Migrations, func(m Migration) bool { return m.Version == a.Version })
		if at < 0 {
			s.Migrations, at = append(s.Migrations, Migration{Version: a.Version}), len(s.Migrations)
		}
		when, err := log.GetMigration(ctx, pool, a.Version)
		if err != nil {
			return err
		}
		s.Migrations[at].AppliedAt = when.Timestamp.UTC()
	}
	slices.SortFunc(s.Migrations, func(a, b Migration) int { return cmp.Compare(a.Version, b.Version) })
	return nil
}
