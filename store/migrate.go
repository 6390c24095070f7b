package store

import (
	"context"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"gorm.io/gorm"

	"github.com/carillonhq/carillon/sql"
)

// migrate brings the schema up to the newest version the binary holds.
func migrate(ctx context.Context, db *gorm.DB) error {
	provider, err := migrations(db)
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

// migrations gives the embedded migrations, to be applied to db.
func migrations(db *gorm.DB) (*goose.Provider, error) {
	files, err := fs.Sub(sql.Files, "sqlite")
	if err != nil {
		return nil, err
	}
	pool, err := db.DB()
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectSQLite3, pool, files, goose.WithDisableGlobalRegistry(true))
}
