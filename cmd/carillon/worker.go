package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/carillonhq/carillon/conf"
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
	if !cfg.AutoRegister {
		log.Warn("--autor=false is not heeded yet: the worker registers by itself")
	}
	dialer, err := worker.NewGRPCDialer(worker.GRPCOptions{Addresses: cfg.Masters, Token: token})
	if err != nil {
		return err
	}
	w, client, err := newWorker(cfg, log, dialer)
	if err != nil {
		return err
	}
	defer client.Close()
	if err := w.Start(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	<-ctx.Done()
	log.Info("stopping", "runs under way", w.Running())
	return w.Stop(context.WithoutCancel(ctx))
}
