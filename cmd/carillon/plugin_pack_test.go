package main

import (
	"archive/zip"
	"bytes"
	"crypto/ed25519"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/plugins/pack"
)

// callCommand runs a command line and gives what it prints.
func callCommand(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(&out)
	root.SetErr(&out)
	err := root.ExecuteContext(t.Context())
	return out.String(), err
}

func writeFiles(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o750))
		require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
	}
}

// scripted is a directory of a plugin that is a script.
func scripted(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{
		"plugin.yaml": "name: hello\nversion: 1.2.0\nexecutables: {any: main.py}\ntasks: {greet: {}}\n",
		"main.py":     "#!/usr/bin/env python3\n", "lib/more.py": "", "lib/__pycache__/more.pyc": "x", ".git/config": "x", "other.zip": "x",
	})
	return dir
}

func namesIn(t *testing.T, file string) []string {
	t.Helper()
	z, err := zip.OpenReader(file)
	require.NoError(t, err)
	t.Cleanup(func() { z.Close() })
	var names []string
	for _, f := range z.File {
		names = append(names, f.Name)
	}
	slices.Sort(names)
	return names
}

func TestPluginPack(t *testing.T) {
	t.Parallel()
	dir := scripted(t)
	for _, name := range []string{"out.zip", "out.zip", "lib/another.zip"} { // each finds what those before it have made
		out := filepath.Join(dir, filepath.FromSlash(name))
		said, err := callCommand(t, "plugin", "pack", dir, "-o", out)
		require.NoError(t, err)
		require.Contains(t, said, name+": hello 1.2.0, 5 files, ")
		require.Equal(t, []string{"lib/more.py", "main.py", "other.zip", "plugin.sums", "plugin.yaml"}, namesIn(t, out))
	}
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"plugin", "pack", filepath.Join(dir, "none")}, "no such file"},
		{[]string{"plugin", "pack", dir, dir}, "accepts at most 1 arg"},
		{[]string{"plugin", "pack", dir, "--key", filepath.Join(dir, "none")}, "read the key"},
		{[]string{"plugin", "pack", dir, "--key", filepath.Join(dir, "main.py")}, "must be an Ed25519 private key"},
	} {
		_, err := callCommand(t, c.args...)
		require.ErrorContains(t, err, c.says)
	}
}

func TestPluginKeys(t *testing.T) {
	t.Parallel()
	dir := scripted(t)
	key, out := filepath.Join(t.TempDir(), "release.key"), filepath.Join(t.TempDir(), "p.zip")
	said, err := callCommand(t, "plugin", "keygen", key)
	require.NoError(t, err)
	public, err := pack.ParsePublicKey(said)
	require.NoError(t, err)
	info, err := os.Stat(key)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode())
	_, err = callCommand(t, "plugin", "keygen", key)
	require.ErrorIs(t, err, os.ErrExist, "a key is not written over")

	said, err = callCommand(t, "plugin", "pack", dir, "-o", out, "--key", key)
	require.NoError(t, err)
	require.Contains(t, said, ", signed, ")
	f, err := os.Open(out)
	require.NoError(t, err)
	defer f.Close()
	packed, err := f.Stat()
	require.NoError(t, err)
	_, err = pack.Check(f, packed.Size(), pack.Options{Keys: []ed25519.PublicKey{public}})
	require.NoError(t, err)
}

// A Go program is built for the platforms of its manifest, whatever this machine is; its sources stay out.
func TestPluginPackBuildsGo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	other := "linux/arm64"
	if runtime.GOOS+"/"+runtime.GOARCH == other {
		other = "linux/amd64"
	}
	executables := "{" + runtime.GOOS + "/" + runtime.GOARCH + ": bin/own.exe, " + other + ": bin/other}"
	writeFiles(t, dir, map[string]string{
		"plugin.yaml": "name: hello\nversion: 1.2.0\nexecutables: " + executables + "\ntasks: {greet: {}}\n",
		"go.mod":      "module example.org/hello\n\ngo 1.26\n", "main.go": "package main\n\nfunc main() {}\n", "data/words.txt": "a", "Makefile": "build:\n", "data/Makefile": "not the program's\n",
	})
	out := filepath.Join(t.TempDir(), "p.zip")
	_, err := callCommand(t, "plugin", "pack", dir, "-o", out, "--build=false")
	require.ErrorContains(t, err, "which is not in the package")
	said, err := callCommand(t, "plugin", "pack", dir, "-o", out)
	require.NoError(t, err, said)
	require.Equal(t, []string{"bin/other", "bin/own.exe", "data/Makefile", "data/words.txt", "plugin.sums", "plugin.yaml"}, namesIn(t, out))

	writeFiles(t, dir, map[string]string{"main.go": "package main\n\nfunc main() { none() }\n"})
	said, err = callCommand(t, "plugin", "pack", dir, "-o", out)
	require.ErrorContains(t, err, "build for ")
	require.True(t, strings.Contains(said, "undefined: none"), said)
}
