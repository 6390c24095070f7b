package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/carillonhq/carillon/conf"
	"github.com/carillonhq/carillon/internal/certs"
	"github.com/carillonhq/carillon/worker"
)

func workerCommand() *cobra.Command {
	return processCommand(conf.RoleWorker, "worker", "Run a worker; it connects to a master", runWorker)
}

func runWorker(ctx context.Context, cfg conf.Config, log *slog.Logger) error {
	token := cfg.JoinToken.Reveal()
	if token == "" {
		return usageError{errors.New("join_token: set CARILLON_JOIN_TOKEN to what `carillon join-token` prints on the master")}
	}
	opts := worker.GRPCOptions{Addresses: cfg.Masters, Token: token}
	if cfg.TLSToMasters() {
		var err error
		if opts.TLS, err = certs.Client(certs.Files{Cert: cfg.MasterCert, Key: cfg.MasterKey, CA: cfg.MasterCA}, log); err != nil {
			return err
		}
	}
	dialer, err := worker.NewGRPCDialer(opts)
	if err != nil {
		return err
	}
	hurried, forget := hurry()
	defer forget()
	w, closeAll, err := newWorker(cfg, log, dialer, !cfg.AutoRegister)
	if err != nil {
		return err
	}
	defer closeAll()
	if err := w.Start(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	<-ctx.Done()
	log.Info("stopping", "runs under way", w.Running())
	return drain(hurried, w, log)
}
