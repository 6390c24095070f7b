package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/carillonhq/carillon/plugins/host/supervise"
)

// pluginSupervisorCommand is what a worker runs beside each process of a plugin; it is of no use to people. Package host
// knows its name as SupervisorCommand.
func pluginSupervisorCommand() *cobra.Command {
	return &cobra.Command{
		Use: "plugin-supervisor", Short: "Start a plugin and end all that it starts", Hidden: true, DisableFlagParsing: true,
		Args: cobra.ArbitraryArgs,
		Run:  func(*cobra.Command, []string) { os.Exit(supervise.Main(os.Args[1:])) },
	}
}
