package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/carillonhq/carillon/conf"
	"github.com/carillonhq/carillon/internal/buildinfo"
	"github.com/carillonhq/carillon/internal/logging"
	"github.com/carillonhq/carillon/master"
	"github.com/carillonhq/carillon/store"
	"github.com/carillonhq/carillon/worker"
	"github.com/carillonhq/carillon/worker/callback"
)

// processCommand makes a command that loads the configuration of a role and runs until it is told to stop.
func processCommand(role conf.Role, use, short string, run func(context.Context, conf.Config, *slog.Logger) error) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs}
	conf.Flags(cmd.Flags(), role)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, log, err := configure(cmd, role)
		if err != nil {
			return err
		}
		return run(cmd.Context(), cfg, log)
	}
	return cmd
}

// configure loads a command's configuration and makes its logger.
func configure(cmd *cobra.Command, role conf.Role) (conf.Config, *slog.Logger, error) {
	cfg, notices, err := conf.Load(conf.Options{Role: role, Flags: cmd.Flags()})
	if err != nil {
		return conf.Config{}, nil, usageError{err}
	}
	log := logging.New(os.Stderr, cfg.LogLevel, cfg.LogFormat)
	for _, n := range notices {
		log.Warn("an option has no effect", "notice", n.String())
	}
	return cfg, log, nil
}

// sqliteFile is where the embedded database lives.
func sqliteFile(cfg conf.Config) string { return filepath.Join(cfg.Data, "carillon.db") }

func openStore(ctx context.Context, cfg conf.Config, log *slog.Logger, shared bool) (*store.Store, error) {
	if cfg.Database.Reveal() != "" {
		return nil, usageError{errors.New("database: servers are not supported yet; leave it empty to use the SQLite file in --data")}
	}
	return store.Open(ctx, store.Options{Path: sqliteFile(cfg), Logger: log, Shared: shared})
}

func newMaster(s *store.Store, cfg conf.Config, log *slog.Logger) (*master.Master, error) {
	return master.New(master.Options{
		Store: s, Logger: log, Name: cfg.Name, Version: buildinfo.Get().Version, HTTPAddr: cfg.HTTPAddr, GRPCAddr: cfg.GRPCAddr,
		JoinToken: cfg.JoinToken.Reveal(), AdminPassword: cfg.AdminPassword.Reveal(), AdminCreated: printAdmin,
		Zone: cfg.TimeZone, Exclusive: true, Metrics: cfg.Metrics,
	})
}

// printAdmin shows admin's first password, once: it is stored as a hash only.
func printAdmin(password string) {
	fmt.Printf("\n  The user admin was created. Its password, shown this once:\n\n      %s\n\n", password)
}

func newWorker(cfg conf.Config, log *slog.Logger, dialer worker.Dialer) (*worker.Worker, *callback.Client, error) {
	client, err := callback.New(callback.Options{
		Policy:    callback.Policy{Allow: cfg.OutboundAllow, Deny: cfg.OutboundDeny},
		UserAgent: "Carillon/" + buildinfo.Get().Version,
	})
	if err != nil {
		return nil, nil, err
	}
	if cfg.DrainTimeout == 0 {
		cfg.DrainTimeout = -1 // an Options' zero is its default; here it says not to wait
	}
	w, err := worker.New(worker.Options{
		Name: cfg.Name, Version: buildinfo.Get().Version, Weight: cfg.Priority, Slots: cfg.MaxC, Labels: cfg.Labels,
		Performer: worker.NewCallbackPerformer(client), Dialer: dialer, Logger: log, DrainTimeout: cfg.DrainTimeout,
	})
	return w, client, err
}
