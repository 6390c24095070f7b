package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/carillonhq/carillon/plugins/manifest"
)

// hasGo says whether a directory has Go files.
func hasGo(dir string) (bool, error) {
	files, err := filepath.Glob(filepath.Join(escapeGlob(dir), "*.go"))
	return len(files) > 0, err
}

// escapeGlob has a path stand for itself in a pattern.
func escapeGlob(path string) string {
	if filepath.Separator == '\\' { // there a pattern has no escapes
		return path
	}
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// buildExecutables builds the Go program in a directory for each platform of its manifest, to the files that it names.
// What is built does not depend on where, so that the same sources make the same package.
func buildExecutables(cmd *cobra.Command, dir string, m *manifest.Manifest) error {
	for _, platform := range slices.Sorted(maps.Keys(m.Executables)) {
		goos, goarch, ok := strings.Cut(platform, "/")
		if !ok {
			continue // a script
		}
		out, err := filepath.Abs(filepath.Join(dir, filepath.FromSlash(m.Executables[platform])))
		if err != nil {
			return err
		}
		cmd.PrintErrf("go build %s %s\n", platform, m.Executables[platform])
		build := exec.CommandContext(cmd.Context(), "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", out, ".")
		build.Dir = dir
		build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+goos, "GOARCH="+goarch)
		build.Stdout, build.Stderr = cmd.ErrOrStderr(), cmd.ErrOrStderr()
		if err := build.Run(); err != nil {
			if errors.Is(err, exec.ErrNotFound) {
				return errors.New("go is not installed here: build the executables elsewhere, and pack them with --build=false")
			}
			return fmt.Errorf("build for %s: %w", platform, err)
		}
	}
	return nil
}
