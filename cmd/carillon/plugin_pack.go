package main

import (
	"archive/zip"
	"crypto/ed25519"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/carillonhq/carillon/plugins/manifest"
	"github.com/carillonhq/carillon/plugins/pack"
)

func pluginPackCommand() *cobra.Command {
	var out, key string
	var build bool
	cmd := &cobra.Command{
		Use: "pack [DIR]", Short: "Make a package of a plugin's directory", Args: cobra.MaximumNArgs(1),
		Long: "Make a package of the directory with a plugin.yaml, the present one when none is given. Where it has Go files, the executables\n" +
			"are built first, without cgo, for each platform that plugin.yaml names. Everything in the directory goes into the package, but\n" +
			"for names that begin with a dot, Go sources with their Makefile, __pycache__ and packages that were made before. The same files make the same package.",
	}
	cmd.Flags().StringVarP(&out, "output", "o", "", "`file` to write (default: NAME-VERSION.zip in the present directory)")
	cmd.Flags().StringVar(&key, "key", "", "`file` of the private key to sign with, as `carillon plugin keygen` writes it")
	cmd.Flags().BoolVar(&build, "build", true, "build the executables where the directory has Go files; with --build=false they are taken as they lie there")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		dir := "."
		if len(args) > 0 {
			dir = args[0]
		}
		signer, err := readKey(key)
		if err != nil {
			return err
		}
		m, err := pack.Manifest(dir)
		if err != nil {
			return err
		}
		isGo, err := hasGo(dir)
		if err != nil {
			return err
		}
		if build && isGo {
			if err := buildExecutables(cmd, dir, m); err != nil {
				return err
			}
		}
		if out == "" {
			out = packageName(m)
		}
		p, err := pack.Build(dir, out, pack.BuildOptions{Key: signer, Leave: leaveOut(dir, isGo)})
		if err != nil {
			return err
		}
		signed := ""
		if p.Signed {
			signed = ", signed"
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %s %s, %d files, %d bytes%s, SHA-256 %s\n",
			out, p.Manifest.Name, p.Manifest.Version, p.Files, p.Size, signed, p.Digest)
		return err
	}
	return cmd
}

// packageName is what a package is called when nobody says.
func packageName(m *manifest.Manifest) string { return m.Name + "-" + m.Version + ".zip" }

func readKey(file string) (ed25519.PrivateKey, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the key: %w", err)
	}
	key, err := pack.ParsePrivateKey(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return key, nil
}

// leaveOut says which files of a plugin's directory are no part of it.
func leaveOut(dir string, isGo bool) func(string) bool {
	return func(name string) bool {
		base := path.Base(name)
		switch {
		case base == "__pycache__" || strings.HasSuffix(base, ".pyc"):
			return true
		case isGo && (strings.HasSuffix(base, ".go") || base == "go.mod" || base == "go.sum" || base == "testdata" || name == "vendor" || name == "Makefile"):
			return true
		}
		return strings.HasSuffix(base, ".zip") && isPackage(filepath.Join(dir, filepath.FromSlash(name)))
	}
}

// isPackage reports whether a zip file is a package, of whatever name and version, and no data of the plugin's.
func isPackage(file string) bool {
	z, err := zip.OpenReader(file)
	if err != nil {
		return false
	}
	defer z.Close() //nolint:errcheck // only read
	return slices.ContainsFunc(z.File, func(f *zip.File) bool { return f.Name == pack.SumsName })
}
