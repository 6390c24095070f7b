package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/carillonhq/carillon/conf"
	"github.com/carillonhq/carillon/internal/buildinfo"
	"github.com/carillonhq/carillon/internal/certs"
	"github.com/carillonhq/carillon/internal/logging"
	"github.com/carillonhq/carillon/master"
	"github.com/carillonhq/carillon/master/manage"
	"github.com/carillonhq/carillon/plugins/host"
	"github.com/carillonhq/carillon/plugins/manifest"
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

func newMaster(s *store.Store, cfg conf.Config, log *slog.Logger) (*master.Master, error) {
	var secure *tls.Config
	if cfg.TLSToWorkers() {
		var err error
		if secure, err = certs.Server(certs.Files{Cert: cfg.GRPCTLSCert, Key: cfg.GRPCTLSKey, CA: cfg.GRPCTLSCA}, log); err != nil {
			return nil, err
		}
	}
	return master.New(master.Options{
		Store: s, Logger: log, Name: cfg.Name, Version: buildinfo.Get().Version, HTTPAddr: cfg.HTTPAddr, GRPCAddr: cfg.GRPCAddr,
		GRPCTLS: secure, JoinToken: cfg.JoinToken.Reveal(), AdminPassword: cfg.AdminPassword.Reveal(), AdminCreated: printAdmin,
		Zone: cfg.TimeZone, Exclusive: s.Kind() == store.SQLite, Metrics: cfg.Metrics, SecureCookies: cfg.SecureCookies, Batches: cfg.Batches,
		Plugins: manage.PluginOptions{Dir: filepath.Join(cfg.Data, "uploads"), MaxSize: cfg.PluginMaxSize, Keys: cfg.PluginKeys},
	})
}

// printAdmin shows admin's first password, once: it is stored as a hash only.
func printAdmin(password string) {
	fmt.Printf("\n  The user admin was created. Its password, shown this once:\n\n      %s\n\n", password)
}

// newWorker makes a worker, and gives beside it what is to be called when the worker has stopped.
func newWorker(cfg conf.Config, log *slog.Logger, dialer worker.Dialer, idle bool) (w *worker.Worker, closeAll func(), err error) {
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
	performer := worker.ByKind{Callbacks: worker.NewCallbackPerformer(client)}
	closeAll = client.Close
	if cfg.Plugins {
		h, err := newHost(cfg, log, func(ctx context.Context, digest string, number int) (host.Chunk, error) {
			return w.Fetch(ctx, digest, number) // nothing runs before there is a worker
		})
		if err != nil {
			client.Close()
			return nil, nil, err
		}
		performer.Plugins = worker.NewPluginPerformer(h, cfg.PluginGrace)
		closeAll = func() { h.Close(); client.Close() }
	}
	w, err = worker.New(worker.Options{
		Name: cfg.Name, Version: buildinfo.Get().Version, Weight: cfg.Priority, Slots: cfg.MaxC, Labels: cfg.Labels, Idle: idle,
		Plugins: cfg.Plugins, Performer: performer, Dialer: dialer, Logger: log, DrainTimeout: cfg.DrainTimeout,
	})
	if err != nil {
		closeAll()
		return nil, nil, err
	}
	return w, closeAll, nil
}

// newHost makes what runs plugins. It has a directory of its own in the worker's.
func newHost(cfg conf.Config, log *slog.Logger, fetch func(ctx context.Context, digest string, number int) (host.Chunk, error)) (*host.Host, error) {
	h, err := host.New(host.Options{
		Dir: filepath.Join(cfg.Data, "plugins"), Fetch: fetch, Logger: log, User: cfg.PluginUser, Keys: cfg.PluginKeys,
		Limits: manifest.Limits{
			Memory: manifest.Bytes(unlimited(cfg.PluginMemory)), CPUSeconds: int(unlimited(int64(cfg.PluginCPUTime.Seconds()))),
			OpenFiles: int(unlimited(int64(cfg.PluginOpenFiles))), Processes: int(unlimited(int64(cfg.PluginProcesses))),
		},
		CacheSize: cfg.PluginCacheSize, Package: manage.PluginOptions{MaxSize: cfg.PluginMaxSize}.Limits(),
		StartTimeout: cfg.PluginStartTimeout, Grace: cfg.PluginGrace, IdleTime: cfg.PluginIdle, MaxRuns: cfg.PluginMaxRuns,
		MaxProcesses: cfg.PluginMaxStarted,
	})
	if err != nil {
		return nil, fmt.Errorf("this worker cannot run plugins: %w", err)
	}
	return h, nil
}

// unlimited is a limit as a host takes it, which has a default of its own for 0.
func unlimited(limit int64) int64 {
	if limit == 0 {
		return -1
	}
	return limit
}
