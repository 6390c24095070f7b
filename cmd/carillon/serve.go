package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/carillonhq/carillon/conf"
	"github.com/carillonhq/carillon/master"
	"github.com/carillonhq/carillon/rpc"
)

func serveCommand() *cobra.Command {
	return processCommand(conf.RoleServe, "serve", "Run everything in one process: a master and a worker", serve)
}

func masterCommand() *cobra.Command {
	return processCommand(conf.RoleMaster, "master", "Run a master; workers connect to it", runMaster)
}

func runMaster(ctx context.Context, cfg conf.Config, log *slog.Logger) (err error) {
	s, err := openStore(ctx, cfg, log, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	m, err := newMaster(s, cfg, log)
	if err != nil {
		return err
	}
	if err := m.Start(ctx); err != nil {
		return err
	}
	<-ctx.Done()
	log.Info("stopping")
	return m.Stop(ctx)
}

// serve runs a master with a worker beside it. The worker stops first: what it has begun is finished and recorded.
func serve(ctx context.Context, cfg conf.Config, log *slog.Logger) (err error) {
	hurried, forget := hurry()
	defer forget()
	s, err := openStore(ctx, cfg, log, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	m, err := newMaster(s, cfg, log)
	if err != nil {
		return err
	}
	w, closeAll, err := newWorker(cfg, log, inProcess{m}, false)
	if err != nil {
		return err
	}
	defer closeAll()
	if err := m.Start(ctx); err != nil {
		return err
	}
	if err := w.Start(context.WithoutCancel(ctx)); err != nil {
		return errors.Join(err, m.Stop(ctx))
	}
	<-ctx.Done()
	log.Info("stopping", "runs under way", w.Running())
	return errors.Join(drain(hurried, w, log), m.Stop(ctx))
}

// inProcess connects a worker to the master it shares a process with.
type inProcess struct{ master *master.Master }

// Dial opens a stream inside the process.
func (p inProcess) Dial(ctx context.Context) (rpc.WorkerStream, error) {
	return p.master.Attach(ctx), nil
}
