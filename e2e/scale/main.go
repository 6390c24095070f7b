// Scale fills a database as years would, and tells how long the pages take over it: what the server takes for each list and
// the overview, and what a browser takes until it shows them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/carillonhq/carillon/e2e/ui"
)

func main() {
	var (
		folder = flag.String("data", "", "the `folder` that the database is made in, or lies in from before (default: one that is removed in the end)")
		tasks  = flag.Int("tasks", 100_000, "how many tasks a new database gets")
		runs   = flag.Int("runs", 5_000_000, "how many ended runs it gets")
		server = flag.Duration("server", 300*time.Millisecond, "how long the server may take for a page; 0 bounds nothing")
		shown  = flag.Duration("shown", time.Second, "how long a browser may take to show one; 0 bounds nothing")
	)
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *folder, *tasks, *runs, bounds{*server, *shown})
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
		os.Exit(1)
	}
}

// bounds are how long a page may take.
type bounds struct{ server, shown time.Duration }

func run(ctx context.Context, folder string, tasks, runs int, most bounds) (err error) {
	if folder == "" {
		if folder, err = os.MkdirTemp("", "carillon-scale-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	}
	if _, err := os.Stat(filepath.Join(folder, ui.DatabaseName)); errors.Is(err, os.ErrNotExist) {
		began := time.Now()
		if err := fill(ctx, folder, tasks, runs); err != nil {
			return err
		}
		fmt.Printf("%d tasks and %d runs stored in %s\n", tasks, runs, time.Since(began).Truncate(time.Second))
	}
	s, err := ui.Start(ctx, folder, slog.New(slog.DiscardHandler), "w-1")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Stop(context.WithoutCancel(ctx))) }()
	return measure(ctx, s, folder, most)
}
