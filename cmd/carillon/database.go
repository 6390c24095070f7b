package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/user"

	"github.com/spf13/cobra"

	"github.com/carillonhq/carillon/conf"
	"github.com/carillonhq/carillon/conf/dsn"
	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

// openStore opens the database that the configuration names. shared is for commands that work beside the process which serves
// it. Every command opens its database here, and what cannot be opened is named without its password.
func openStore(ctx context.Context, cfg conf.Config, log *slog.Logger, shared bool) (*store.Store, error) {
	target, err := cfg.DatabaseTarget()
	if err != nil {
		return nil, usageError{&conf.Error{Key: "database", Want: err.Error()}}
	}
	s, err := store.Open(ctx, store.Options{
		Kind: target.Kind, DSN: target.DSN, Logger: log, Shared: shared, MaxOpen: target.MaxOpen, Timeout: target.StatementTimeout,
		IdleTimeout: cfg.DatabaseIdleTimeout,
		Batches:     cfg.Batches,
	})
	if err != nil {
		return nil, fmt.Errorf("open the database (%s): %w", target, err)
	}
	return s, nil
}

// withStore runs fn on the database of a command, which a process may be serving at the same time. It makes no database where
// there is none.
func withStore(cmd *cobra.Command, fn func(context.Context, *store.Store, *slog.Logger) error) (err error) {
	cfg, log, err := configure(cmd, conf.RoleAdmin)
	if err != nil {
		return err
	}
	if target, err := cfg.DatabaseTarget(); err == nil && target.Kind == dsn.SQLite {
		if _, err := os.Stat(target.DSN); errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("there is no database %s: start `carillon serve` or `carillon migrate up` once, or name the folder by --data", target.DSN)
		}
	}
	s, err := openStore(cmd.Context(), cfg, log, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return fn(core.WithAuthor(cmd.Context(), operator()), s, log)
}

// operator is whoever runs a command, by the name that the system knows.
func operator() core.Author {
	a := core.Author{UserName: "command line", Via: core.ViaCommand}
	if u, err := user.Current(); err == nil && u.Username != "" {
		a.UserName = u.Username
	}
	return a
}
