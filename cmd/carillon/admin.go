package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/carillonhq/carillon/conf"
	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/auth"
	"github.com/carillonhq/carillon/store"
)

func userCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "user", Short: "Add users, give them passwords, lock them out"}
	var role, email string
	add := userAction("add NAME", "Add a user; the password is read from standard input", func(ctx context.Context, a *auth.Service, name string) error {
		password, err := readPassword()
		if err != nil {
			return err
		}
		u, err := a.Add(ctx, name, password, core.Role(role), email)
		if err == nil {
			fmt.Printf("user %s has id %d\n", u.Name, u.ID)
		}
		return err
	})
	add.Flags().StringVar(&role, "role", string(core.RoleDeveloper), "admin, developer, operator or viewer")
	add.Flags().StringVar(&email, "email", "", "where failures are mailed to")
	cmd.AddCommand(add,
		passwdCommand(),
		userAction("disable NAME", "Lock a user out", func(ctx context.Context, a *auth.Service, name string) error {
			return a.SetDisabled(ctx, name, true)
		}),
		userAction("enable NAME", "Let a disabled user in again", func(ctx context.Context, a *auth.Service, name string) error {
			return a.SetDisabled(ctx, name, false)
		}))
	return cmd
}

func passwdCommand() *cobra.Command {
	var keepSecret bool
	cmd := userAction("passwd NAME", "Set a user's password, read from standard input", func(ctx context.Context, a *auth.Service, name string) error {
		password, err := readPassword()
		if err != nil {
			return err
		}
		if keepSecret {
			return a.SetSignIn(ctx, name, password)
		}
		return a.SetPassword(ctx, name, password)
	})
	cmd.Flags().BoolVar(&keepSecret, "keep-secret", false, "leave the API secret as it is: clients that send it go on, and the password is for signing in only")
	return cmd
}

func userAction(use, short string, fn func(context.Context, *auth.Service, string) error) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short}
	cmd.Args = func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usageError{fmt.Errorf("user %s: give one name", use)}
		}
		return nil
	}
	conf.Flags(cmd.Flags(), conf.RoleAdmin)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return withStore(cmd, func(ctx context.Context, s *store.Store, log *slog.Logger) error {
			a, err := auth.New(auth.Options{Store: s, Logger: log})
			if err != nil {
				return err
			}
			return fn(ctx, a, args[0])
		})
	}
	return cmd
}

// readPassword reads one line from standard input.
func readPassword() (string, error) {
	if info, err := os.Stdin.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		fmt.Fprint(os.Stderr, "Password: ")
	}
	line, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", errors.Join(errors.New("no password was given on standard input"), err)
	}
	return line, nil
}
