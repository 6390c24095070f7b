package store

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"

	schema "github.com/carillonhq/carillon/sql"
)

// migrate brings the schema up to the newest version the binary holds.
func migrate(ctx context.Context, pool *sql.DB) error {
	provider, err := migrations(pool)
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	current, target, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	if current > target {
		return fmt.Errorf("the database has schema version %d; this binary knows up to %d: run a newer carillon", current, target)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate the schema: %w", err)
	}
	return nil
}

// migrations gives the embedded migrations, to be applied to a database.
func migrations(pool *sql.DB) (*goose.Provider, error) {
	files, err := fs.Sub(schema.Files, "sqlite")
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectSQLite3, pool, files, goose.WithDisableGlobalRegistry(true))
}
