package main

import "github.com/spf13/cobra"

func pluginCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "plugin", Short: "Begin, pack, try and upload plugins"}
	cmd.AddCommand(
		pluginInitCommand(),
		pluginRunCommand(),
		pluginPackCommand(),
		pluginKeygenCommand(),
		pluginPushCommand(),
	)
	return cmd
}
