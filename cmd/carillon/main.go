// Command carillon fires HTTP callbacks and plugin executables at the right moment. One binary holds every part:
// `carillon serve` is all of it in one process, `carillon master` and `carillon worker` are its halves.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // schedules name IANA zones; a machine without a zone database must not refuse them

	"github.com/spf13/cobra"

	"github.com/carillonhq/carillon/conf"
	"github.com/carillonhq/carillon/internal/buildinfo"
)

// exitUsage is the exit status for a command that was called wrongly.
const exitUsage = 2

// usageError is an error in how a command was called.
type usageError struct{ error }

// statusError is an error with an exit status of its own.
type statusError struct {
	status int
	error
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	code := run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string) int {
	args, err := conf.Subcommand(args)
	if err != nil {
		err = usageError{err}
	} else {
		root := newRoot()
		root.SetArgs(args)
		err = root.ExecuteContext(ctx)
	}
	if err == nil {
		return 0
	}
	fmt.Fprintln(os.Stderr, "carillon:", err)
	if _, isUsage := errors.AsType[usageError](err); isUsage {
		return exitUsage
	}
	if told, ok := errors.AsType[statusError](err); ok {
		return told.status
	}
	return 1
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "carillon",
		Short: "Fire HTTP callbacks and plugins at the right moment, and lose none",
		Long: "Carillon stores HTTP tasks, plugin tasks and one-shot delayed tasks, fires them at their instants on health-checked\n" +
			"workers, and keeps a record of every firing. Start with `carillon serve`.",
		SilenceErrors: true, SilenceUsage: true,
		Version: buildinfo.Get().Version,
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(serveCommand(), masterCommand(), workerCommand(), migrateCommand(), importCommand(), cronCommand(),
		userCommand(), joinTokenCommand(), certsCommand(), pluginCommand(), pluginSupervisorCommand(), readyCommand(), benchCommand(), versionCommand())
	checkArgs(root)
	return root
}

// checkArgs makes wrong arguments of a command, and of those below it, errors in how it was called. A command that only
// holds others shows its help when it has none; by itself cobra shows it for a misspelt one too, as if all were well.
func checkArgs(cmd *cobra.Command) {
	check := cmd.Args
	if !cmd.Runnable() {
		check, cmd.RunE = cobra.NoArgs, func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	}
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError{err}
		}
		return nil
	}
	for _, below := range cmd.Commands() {
		checkArgs(below)
	}
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print what this binary is", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), buildinfo.Get())
			return err
		},
	}
}
