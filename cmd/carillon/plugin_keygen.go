package main

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/carillonhq/carillon/plugins/pack"
)

func pluginKeygenCommand() *cobra.Command {
	return &cobra.Command{
		Use: "keygen FILE", Short: "Make a key to sign packages with, and print its public half",
		Long: "Write a new private key to FILE, for `carillon plugin pack --key`, and print the public key. Masters and workers that have\n" +
			"the public key in plugin_keys take and run only packages that were signed so.",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{errors.New("plugin keygen: give the file to write the private key to")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			public, private, err := ed25519.GenerateKey(nil)
			if err != nil {
				return err
			}
			text, err := pack.FormatPrivateKey(private)
			if err != nil {
				return err
			}
			// A key that is there is not written over: packages could not be signed with it any more.
			f, err := os.OpenFile(args[0], os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
			if err != nil {
				return fmt.Errorf("write the key: %w", err)
			}
			if _, err := f.Write(text); err != nil {
				return errors.Join(fmt.Errorf("write the key: %w", err), f.Close())
			}
			if err := f.Close(); err != nil {
				return fmt.Errorf("write the key: %w", err)
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), pack.FormatPublicKey(public))
			return err
		},
	}
}
