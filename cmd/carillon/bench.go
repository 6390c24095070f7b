package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/carillonhq/carillon/bench"
)

// benchPasswordEnv holds the password for a --target; a command line can be read by others on the machine.
const benchPasswordEnv = "CARILLON_BENCH_PASSWORD"

func benchCommand() *cobra.Command {
	o := bench.DefaultOptions()
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure creations, callbacks and their lateness",
		Long: "Measure how fast Carillon accepts work, how fast and how punctually its callbacks arrive, and what that costs. The\n" +
			"load goes through the public API, the callbacks to a sink on loopback. Each scenario runs on a server of its own, on\n" +
			"an empty scratch folder below TMPDIR, or on the running server that --target names. The bare client's rate, measured\n" +
			"in the same run by posting straight to the sink, is what the ratios refer to.\n\n" +
			"The exit status is 1 when a callback was lost or a creation failed.",
		Example: "  carillon bench --scenario burst --count 100000\n" +
			"  carillon bench --scenario steady --shape spread --json\n" +
			"  " + benchPasswordEnv + "=… carillon bench --scenario cron --target http://127.0.0.1:30000",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			o.Progress, o.Password = cmd.ErrOrStderr(), os.Getenv(benchPasswordEnv)
			if o.Executable, err = os.Executable(); err != nil {
				return err
			}
			if err := o.Validate(); err != nil {
				return usageError{err}
			}
			report, err := bench.Run(cmd.Context(), o)
			if report == nil || len(report.Results) == 0 {
				return err
			}
			return errors.Join(err, showBench(cmd, report, asJSON))
		},
	}
	f := cmd.Flags()
	f.StringVar((*string)(&o.Scenario), "scenario", string(o.Scenario), "`name` of what to measure: burst, steady, cron, pending or all")
	f.IntVar(&o.Count, "count", o.Count, "`number` of delayed tasks of burst and pending")
	f.IntVar(&o.Tasks, "tasks", o.Tasks, "`number` of tasks of cron, each firing every second")
	f.IntVar(&o.Rate, "rate", o.Rate, "`number` of callbacks a second of steady")
	f.IntVar(&o.Seconds, "seconds", o.Seconds, "how many `seconds` steady and cron last")
	f.StringVar((*string)(&o.Shape), "shape", string(o.Shape), "`name` of when steady's callbacks are due: whole (all at the whole second) or spread (evenly over it)")
	f.IntVar(&o.Clients, "clients", o.Clients, "`number` of requests under way at once")
	f.DurationVar(&o.Lead, "lead", o.Lead, "`time` by which the first callback is due after the expected end of the creations")
	f.DurationVar(&o.Timeout, "timeout", o.Timeout, "`time` that the whole may take")
	f.StringVar(&o.Target, "target", o.Target, "base `URL` of a running server on this machine (default: start one)")
	f.StringVar(&o.User, "user", o.User, "`name` to sign in with on the target; the password is taken from "+benchPasswordEnv)
	f.BoolVar(&o.Keep, "keep", o.Keep, "leave the scratch folders, with the database and the server's log")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	cmd.AddCommand(bareCommand())
	return cmd
}

// bareCommand is what `carillon bench` runs in a process of its own; it is of no use to people.
func bareCommand() *cobra.Command {
	var b bench.BareClient
	cmd := &cobra.Command{
		Use: "bare", Short: "Post straight to a sink", Hidden: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return b.Run(cmd.Context(), cmd.OutOrStdout()) },
	}
	f := cmd.Flags()
	f.StringVar(&b.URL, "url", "", "the sink's `URL`; a number follows")
	f.IntVar(&b.First, "first", 0, "the first `number`")
	f.IntVar(&b.Clients, "clients", 1, "`number` of requests under way at once")
	f.DurationVar(&b.Warm, "warm", 0, "`time` to post before it counts")
	f.DurationVar(&b.For, "for", 0, "`time` to post")
	return cmd
}

// showBench prints a report, and is the error of one that shows a loss.
func showBench(cmd *cobra.Command, report *bench.Report, asJSON bool) error {
	var err error
	if asJSON {
		enc := json.NewEncoder(cmd.OutOrStdout())
		enc.SetIndent("", "  ")
		err = enc.Encode(report)
	} else {
		err = report.WriteText(cmd.OutOrStdout())
	}
	if lost, refused := report.Lost(), report.Refused(); lost+refused > 0 {
		err = errors.Join(err, fmt.Errorf("%d callbacks were lost, %d creations failed", lost, refused))
	}
	return err
}
