package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/carillonhq/carillon/cron"
)

// maxNext is how many instants `carillon cron next` prints at most.
const maxNext = 100_000

func cronCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "cron", Short: "Work with Quartz cron expressions"}
	cmd.AddCommand(cronNextCommand())
	return cmd
}

func cronNextCommand() *cobra.Command {
	var (
		zone, from string
		count      int
	)
	cmd := &cobra.Command{
		Use:   "next [--tz ZONE] [--from RFC3339] [--count N] EXPR",
		Short: "Print the next instants of an expression, one RFC 3339 UTC a line",
		Example: "  carillon cron next '0 0 12 ? * MON-FRI'\n" +
			"  carillon cron next --tz Europe/Berlin --from 2026-03-28T00:00:00Z --count 3 '0 30 2 * * ?'",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{fmt.Errorf("cron next takes one expression, in quotes: got %d arguments", len(args))}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			loc, err := time.LoadLocation(zone)
			if err != nil || zone == "" {
				return usageError{fmt.Errorf("--tz %q is not a time zone: write an IANA name such as Asia/Shanghai", zone)}
			}
			after := time.Now()
			if from != "" {
				if after, err = time.Parse(time.RFC3339Nano, from); err != nil {
					return usageError{fmt.Errorf("--from %q is not an RFC 3339 instant such as 2026-01-31T08:00:00Z", from)}
				}
			}
			if count < 1 || count > maxNext {
				return usageError{fmt.Errorf("--count must be from 1 to %d", maxNext)}
			}
			expr, err := cron.Parse(args[0])
			if err != nil {
				return usageError{err}
			}
			for range count {
				next, ok := expr.Next(after, loc)
				if !ok {
					break
				}
				if _, err := fmt.Fprintln(cmd.OutOrStdout(), next.UTC().Format(time.RFC3339)); err != nil {
					return err
				}
				after = next
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&zone, "tz", "Local", "IANA time `zone` that the expression is read in")
	cmd.Flags().StringVar(&from, "from", "", "RFC 3339 `instant` after which to look (default: now)")
	cmd.Flags().IntVar(&count, "count", 5, "how many instants to print")
	return cmd
}
