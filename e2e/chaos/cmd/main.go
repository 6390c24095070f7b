// Command chaos breaks a cluster of Carillon on purpose and says whether it kept its promises. `make chaos` builds what it
// takes and runs it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/carillonhq/carillon/e2e/chaos"
	"github.com/carillonhq/carillon/e2e/chaos/evidence"
	"github.com/carillonhq/carillon/e2e/chaos/verdict"
)

// errBroken says that a promise was broken; the report says which.
var errBroken = errors.New("a promise was broken")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 3 && args[0] == "sink" {
		return chaos.ServeSink(ctx, args[1], args[2])
	}
	f := flag.NewFlagSet("chaos", flag.ContinueOnError)
	var c command
	f.StringVar(&c.opts.Carillon, "carillon", "bin/carillon-skew", "the `binary` to break, built with the tag skew")
	f.StringVar(&c.databases, "databases", "postgres,mariadb,sqlite", "a `list` of postgres, mariadb and sqlite with commas between")
	f.DurationVar(&c.opts.Time, "time", 5*time.Minute, "how long each cluster is broken")
	f.Uint64Var(&c.seed, "seed", 0, "the `number` that decides what is done; 0 draws one")
	f.StringVar(&c.kinds, "faults", "", "a `list` of kinds of faults with commas between: kill, stop, freeze, cut, drop, restart, skew, disk (default all)")
	f.BoolVar(&c.opts.Namespaces, "netns", false, "give each process a network namespace of its own and cut by dropping packets, where that is possible")
	f.IntVar(&c.opts.Masters, "masters", 0, "`number` of masters (default 3)")
	f.IntVar(&c.opts.Workers, "workers", 0, "`number` of workers (default 4, on sqlite 3 beside the one in `carillon serve`)")
	f.IntVar(&c.opts.Tasks, "tasks", 0, "`number` of tasks (default 30)")
	f.IntVar(&c.opts.Rate, "rate", 0, "`number` of delayed tasks created each second (default 20)")
	f.DurationVar(&c.opts.Settle, "settle", 0, "how long all may take to come to an end afterwards (default 90s)")
	f.DurationVar(&c.bounds.Slack, "slack", 0, "how late a firing may be when nothing is wrong (default 2s)")
	f.StringVar(&c.json, "json", "", "write the reports as JSON to this `file`")
	f.StringVar(&c.keep, "keep", "", "keep logs and evidence in this `folder` (default: those of a broken promise, below TMPDIR)")
	f.BoolVar(&c.plan, "plan", false, "only print what the seed decides")
	f.StringVar(&c.judge, "judge", "", "only judge the evidence in this `file` again")
	if err := f.Parse(args); err != nil {
		return err
	}
	return c.run(ctx)
}

// command is one call of the command.
type command struct {
	opts       chaos.Options
	bounds     verdict.Bounds
	kinds      string
	databases  string
	seed       uint64
	json, keep string
	plan       bool
	judge      string
	reports    []*verdict.Report
}

func (c *command) run(ctx context.Context) error {
	if c.judge != "" {
		e, err := evidence.Load(c.judge)
		if err != nil {
			return err
		}
		return errors.Join(c.report(e), c.verdict())
	}
	databases, err := chaos.Databases(c.databases)
	if err != nil {
		return err
	}
	if c.kinds != "" {
		for kind := range strings.SplitSeq(c.kinds, ",") {
			c.opts.Kinds = append(c.opts.Kinds, evidence.Kind(kind))
		}
	}
	for c.seed == 0 {
		c.seed = rand.Uint64N(1_000_000)
	}
	if c.opts.Harness, err = os.Executable(); err != nil {
		return err
	}
	if c.opts.Carillon, err = filepath.Abs(c.opts.Carillon); err != nil {
		return err
	}
	c.opts.Progress, c.opts.Seed = os.Stderr, c.seed
	fmt.Fprintf(os.Stderr, "the seed is %d; CHAOS_SEED=%d make chaos does the same again\n", c.seed, c.seed)
	var errs []error
	for _, database := range databases {
		if c.opts.Database = database; ctx.Err() != nil {
			break
		}
		if err := c.on(ctx); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", database, err))
		}
	}
	return errors.Join(append(errs, c.verdict())...)
}

// on does a run on one database and prints its report. What was left behind stays only if it is wanted or a promise was
// broken.
func (c *command) on(ctx context.Context) (err error) {
	if c.plan {
		c.printPlan()
		return nil
	}
	scratch, err := os.MkdirTemp("", "carillon-chaos-"+c.opts.Database+"-")
	if err != nil {
		return err
	}
	c.opts.Dir = scratch
	keep := c.keep != ""
	defer func() {
		switch {
		case !keep && err == nil:
			err = os.RemoveAll(scratch)
		case c.keep != "":
			err = errors.Join(err, os.MkdirAll(c.keep, 0o750), os.CopyFS(filepath.Join(c.keep, filepath.Base(scratch)), os.DirFS(scratch)), os.RemoveAll(scratch))
		case os.Remove(scratch) != nil: // it is not empty
			fmt.Fprintf(os.Stderr, "logs and evidence are in %s\n", scratch)
		}
	}()
	e, err := chaos.Run(ctx, c.opts)
	if err != nil {
		return err
	}
	if err := e.Save(filepath.Join(scratch, "evidence.json")); err != nil {
		return err
	}
	if err := c.report(e); err != nil {
		return err
	}
	keep = keep || c.reports[len(c.reports)-1].Broken()
	return nil
}

func (c *command) printPlan() {
	fmt.Printf("%s:\n", c.opts.Database)
	for _, p := range chaos.Plan(c.opts) {
		fmt.Printf("  %7.1fs  %s\n", p.At.Seconds(), p)
	}
}

// report judges evidence and prints what came of it.
func (c *command) report(e *evidence.Evidence) error {
	r := verdict.NewReport(e, c.bounds)
	c.reports = append(c.reports, r)
	return r.WriteText(os.Stdout)
}

// verdict writes the reports as JSON, if that is wanted, and is the error of a broken promise.
func (c *command) verdict() error {
	if c.json != "" {
		text, err := json.MarshalIndent(c.reports, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(c.json, append(text, '\n'), 0o644); err != nil { // #nosec G306 -- a report is for all to read
			return err
		}
	}
	for _, r := range c.reports {
		if r.Broken() {
			return errBroken
		}
	}
	return nil
}
