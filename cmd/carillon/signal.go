package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/carillonhq/carillon/worker"
)

// hurry gives a context that ends at the second SIGINT or SIGTERM: whoever asks twice does not want to wait. A third one
// ends the process on the spot. It must be called before the first may come.
func hurry() (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		for range 2 {
			select {
			case <-signals:
			case <-ctx.Done():
				return
			}
		}
		signal.Reset(syscall.SIGINT, syscall.SIGTERM)
		cancel()
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel()
	}
}

// drain stops a worker: at its leisure, or at once when hurried ends.
func drain(hurried context.Context, w *worker.Worker, log *slog.Logger) error {
	stop := context.AfterFunc(hurried, func() {
		log.Warn("told to stop again: what runs is cancelled", "runs under way", w.Running())
		w.Hurry()
	})
	defer stop()
	return w.Stop(context.Background())
}
