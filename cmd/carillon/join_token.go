package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/carillonhq/carillon/conf"
	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/join"
	"github.com/carillonhq/carillon/store"
)

func joinTokenCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "join-token", Short: "Print the token that workers join with", Args: cobra.NoArgs}
	conf.Flags(cmd.Flags(), conf.RoleAdmin)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return withStore(cmd, func(ctx context.Context, s *store.Store, log *slog.Logger) error {
			token, err := join.New(s, log).Current(ctx)
			if err == nil {
				_, err = fmt.Fprintln(cmd.OutOrStdout(), token)
			}
			return err
		})
	}
	cmd.AddCommand(rotateCommand())
	return cmd
}

func rotateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "rotate", Short: "Make a new join token and print it; masters heed it at once", Args: cobra.NoArgs,
		Long: "Make a new join token and print it. All masters accept it at once and without a restart. The token before is accepted\n" +
			"for the grace, and workers that are connected stay so: give them the new one before they are next started.",
	}
	grace := cmd.Flags().Duration("grace", join.DefaultGrace, "how long the token before is accepted; 0s refuses it at once")
	conf.Flags(cmd.Flags(), conf.RoleAdmin)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return withStore(cmd, func(ctx context.Context, s *store.Store, log *slog.Logger) error {
			token, until, err := join.New(s, log).Rotate(ctx, &core.User{Name: "command line"}, *grace)
			if core.CodeOf(err) == core.CodeRule {
				return usageError{err}
			}
			if err != nil {
				return err
			}
			cmd.PrintErrf("The token before is accepted until %s.\n", until.Local().Format(time.DateTime))
			_, err = fmt.Fprintln(cmd.OutOrStdout(), token)
			return err
		})
	}
	return cmd
}
