package main

import (
	"errors"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/carillonhq/carillon/internal/certs"
)

func certsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "certs NAME [HOST…]", Short: "Make certificates for TLS between masters and workers",
		Long: "Make a certificate for a node, and the authority that signs it where the folder has none: ca.crt, ca.key, NAME.crt and\n" +
			"NAME.key. A master's certificate names the hosts (DNS names or addresses) that workers dial it by; a worker needs none.\n" +
			"Calling it again makes a new certificate in place of the old one, which running processes take up by themselves.\n\n" +
			"Masters:  --grpc-tls-cert NAME.crt --grpc-tls-key NAME.key, and --grpc-tls-ca ca.crt to ask workers for certificates\n" +
			"Workers:  --master-ca ca.crt, and --master-cert NAME.crt --master-key NAME.key for masters that ask\n\n" +
			"Keep ca.key where neither masters nor workers run: whoever has it can make certificates that all of them accept.",
	}
	cmd.Args = func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usageError{errors.New("certs: give the name of a node, and after it the hosts that workers dial it by if it is a master")}
		}
		return nil
	}
	folder := cmd.Flags().String("dir", "certs", "`folder` of the authority and its certificates")
	days := cmd.Flags().Int("days", 397, "how many days the certificate holds")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *days < 1 || *days > 3650 {
			return usageError{errors.New("certs: --days must be from 1 to 3650")}
		}
		return makeCerts(cmd, *folder, args[0], args[1:], time.Duration(*days)*24*time.Hour)
	}
	return cmd
}

func makeCerts(cmd *cobra.Command, folder, name string, hosts []string, life time.Duration) error {
	cmd.SetOut(cmd.OutOrStdout()) // Printf's default is standard error
	now := time.Now()
	authority, made, err := certs.OpenAuthority(folder, now)
	if err != nil {
		return err
	}
	if made {
		cmd.Printf("made an authority: %s, and its key %s\n", filepath.Join(folder, "ca.crt"), filepath.Join(folder, "ca.key"))
	}
	end, err := authority.Issue(name, hosts, now, life)
	if err != nil {
		return err
	}
	of := "a worker"
	if len(hosts) > 0 {
		of = strings.Join(hosts, ", ")
	}
	path := filepath.Join(folder, name)
	cmd.Printf("made a certificate of %s until %s: %s.crt, and its key %s.key\n", of, end.Format(time.DateOnly), path, path)
	return nil
}
