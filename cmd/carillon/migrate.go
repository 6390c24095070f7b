package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/carillonhq/carillon/conf"
	"github.com/carillonhq/carillon/store"
)

// The exit statuses by which `carillon migrate status` tells a script how the schema stands.
const (
	exitPending = 3
	exitNewer   = 4
)

// migrateCommand is `carillon migrate up` when it is called without a subcommand, as it was before there were any.
func migrateCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "migrate", Short: "Bring the database's schema up to date and end", Args: cobra.NoArgs, RunE: migrateUp}
	up := &cobra.Command{Use: "up", Short: cmd.Short, Args: cobra.NoArgs, RunE: migrateUp}
	conf.Flags(cmd.Flags(), conf.RoleAdmin)
	conf.Flags(up.Flags(), conf.RoleAdmin)
	cmd.AddCommand(up, migrateStatusCommand())
	return cmd
}

func migrateUp(cmd *cobra.Command, _ []string) error {
	cfg, log, err := configure(cmd, conf.RoleAdmin)
	if err != nil {
		return err
	}
	s, err := openStore(cmd.Context(), cfg, log, false)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), "the schema is up to date")
	return errors.Join(err, s.Close())
}

func migrateStatusCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "status", Short: "Tell how far the database's schema is", Args: cobra.NoArgs,
		Long: fmt.Sprintf("Print each migration with its number, its name and when the database took it. Nothing is changed.\n\n"+
			"The exit status is 0 when the schema is what this binary wants, %d when migrations are pending, %d when the database is\n"+
			"newer than this binary, and 1 when it cannot be read.", exitPending, exitNewer),
	}
	conf.Flags(cmd.Flags(), conf.RoleAdmin)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return withStore(cmd, func(ctx context.Context, s *store.Store, _ *slog.Logger) error {
			schema, err := s.Schema(ctx)
			if err != nil {
				return err
			}
			if err := printSchema(cmd.OutOrStdout(), schema); err != nil {
				return err
			}
			return schemaVerdict(schema)
		})
	}
	return cmd
}

func printSchema(w io.Writer, schema store.Schema) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, err := fmt.Fprintln(table, "NUMBER\tNAME\tAPPLIED")
	for _, m := range schema.Migrations {
		name, applied := m.Name, "pending"
		if name == "" {
			name = "(not in this binary)"
		}
		if !m.AppliedAt.IsZero() {
			applied = m.AppliedAt.Format(time.RFC3339)
		}
		_, failed := fmt.Fprintf(table, "%d\t%s\t%s\n", m.Version, name, applied)
		err = errors.Join(err, failed)
	}
	return errors.Join(err, table.Flush())
}

// schemaVerdict is the error of a schema that this binary cannot work with as it is.
func schemaVerdict(schema store.Schema) error {
	if newest := schema.Newest(); newest > schema.Known {
		return statusError{exitNewer, fmt.Errorf("the database has schema version %d; this binary knows up to %d: run a newer carillon", newest, schema.Known)}
	}
	if pending := schema.Pending(); pending > 0 {
		return statusError{exitPending, fmt.Errorf("%d of %d migrations are pending: run `carillon migrate up`", pending, len(schema.Migrations))}
	}
	return nil
}
