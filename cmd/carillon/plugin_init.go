package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/buildinfo"
	"github.com/carillonhq/carillon/plugins/scaffold"
)

func pluginInitCommand() *cobra.Command {
	var language, dir string
	cmd := &cobra.Command{
		Use:   "init [--lang LANGUAGE] [--dir DIR] NAME",
		Short: "Write a new plugin, which compiles, packs and runs as it stands",
		Example: "  carillon plugin init hello\n" +
			"  carillon plugin init --lang python hello",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{fmt.Errorf("plugin init takes the name of the plugin: got %d arguments", len(args))}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if dir == "" {
				dir = args[0]
			}
			options := scaffold.Options{Name: args[0], Language: language, Version: buildinfo.Get().Version}
			next, err := scaffold.Write(filepath.Clean(dir), options)
			if core.CodeOf(err) == core.CodeMalformed {
				return usageError{err}
			}
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "The plugin is in %s. Next, there:\n\n  %s\n\nREADME.md tells the rest.\n",
				dir, strings.Join(next, "\n  "))
			return err
		},
	}
	languages := scaffold.Languages()
	cmd.Flags().StringVar(&language, "lang", languages[0], "`language` it is written in: "+strings.Join(languages, ", "))
	cmd.Flags().StringVar(&dir, "dir", "", "`directory` to write it into, which is empty or not there (default: NAME)")
	return cmd
}
