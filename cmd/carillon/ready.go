package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/carillonhq/carillon/conf"
)

// readyTimeout is longer than a master takes to say that it is not ready.
const readyTimeout = 5 * time.Second

// readyCommand is for the health checks of containers, whose image holds nothing else that could ask.
func readyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "ready [URL]", Short: "Ask a master whether it is ready",
		Long: "Ask the master at a base URL whether it is ready, without one the master on this machine that the configuration tells of\n" +
			"(http_addr). The exit status is 0 when it is ready, 1 when it is not or does not answer.",
		Example: "  carillon ready\n  carillon ready http://10.0.0.5:30000",
	}
	cmd.Args = func(_ *cobra.Command, args []string) error {
		if len(args) > 1 {
			return usageError{errors.New("ready: give one URL, or none for the master on this machine")}
		}
		return nil
	}
	cmd.Flags().String("config", "", "YAML `file` to read the configuration from")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		cfg, _, err := conf.Load(conf.Options{Role: conf.RoleAdmin, Flags: cmd.Flags()})
		if err != nil {
			return usageError{err}
		}
		base := "http://" + onThisMachine(cfg.HTTPAddr)
		if len(args) == 1 {
			base = args[0]
		}
		u, err := url.Parse(base)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return usageError{fmt.Errorf("ready: %q is not a base URL such as http://10.0.0.5:30000", base)}
		}
		if err := askReady(cmd.Context(), u.JoinPath("ready")); err != nil {
			return err
		}
		_, err = fmt.Fprintln(cmd.OutOrStdout(), "ready")
		return err
	}
	return cmd
}

// onThisMachine is where this machine reaches what listens at an address: one that stands for all addresses is no target.
func onThisMachine(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	switch ip, err := netip.ParseAddr(host); {
	case host == "", err == nil && ip.IsUnspecified() && ip.Is4():
		host = "127.0.0.1"
	case err == nil && ip.IsUnspecified():
		host = "::1"
	}
	return net.JoinHostPort(host, port)
}

// askReady is nil when a master says that it is ready, else why it is not.
func askReady(ctx context.Context, u *url.URL) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close() //nolint:errcheck // it was read
	body, err := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	if err != nil || answer.StatusCode == http.StatusOK {
		return err
	}
	var health struct {
		Reasons []string `json:"reasons"`
	}
	if json.Unmarshal(body, &health) == nil && len(health.Reasons) > 0 {
		return fmt.Errorf("not ready: %s", strings.Join(health.Reasons, "; "))
	}
	return fmt.Errorf("not ready: %s answered %s", u.Redacted(), answer.Status)
}
