package pack_test

import (
	"crypto/ed25519"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/plugins/pack"
)

const manifestText = `name: hello
version: 1.2.3
executables: {any: run.sh, linux/amd64: bin/tool}
tasks: {greet: {}}
`

const script = "#!/bin/sh\nexit 0\n"

// elfHead begins an executable for linux/amd64.
var elfHead = "\x7fELF\x02\x01\x01" + string(make([]byte, 9)) + "\x02\x00\x3e\x00" + string(make([]byte, 100))

// project makes a directory of which packages are built.
func project(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"plugin.yaml":     manifestText,
		"run.sh":          script,
		"bin/tool":        elfHead,
		"data/words.txt":  "a word\n",
		"data/big.txt":    string(make([]byte, 100_000)),
		".git/config":     "secret",
		".env":            "secret",
		"old-1.0.0.zip":   "left",
		"plugin.sums":     "stale",
		"plugin.sig":      "stale",
		"scripts/help.sh": script,
	} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o750))
		require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
	}
	require.NoError(t, os.Chmod(filepath.Join(dir, "scripts", "help.sh"), 0o700)) //nolint:gosec // a script
	return dir
}

func leave(path string) bool { return path == "old-1.0.0.zip" }

func build(t *testing.T, dir string, key ed25519.PrivateKey) (string, *pack.Package) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "hello.zip")
	p, err := pack.Build(dir, out, pack.BuildOptions{Key: key, Leave: leave})
	require.NoError(t, err)
	return out, p
}

func openFile(t *testing.T, name string) (*os.File, int64) {
	t.Helper()
	f, err := os.Open(name)
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	info, err := f.Stat()
	require.NoError(t, err)
	return f, info.Size()
}

func TestAPackageIsBuiltCheckedAndExtracted(t *testing.T) {
	t.Parallel()
	out, built := build(t, project(t), nil)
	require.Equal(t, "hello", built.Manifest.Name)
	require.Equal(t, 7, built.Files)
	require.False(t, built.Signed)

	f, size := openFile(t, out)
	checked, err := pack.Check(f, size, pack.Options{})
	require.NoError(t, err)
	require.Equal(t, built, checked)
	require.Equal(t, size, checked.Size)
	digest, err := pack.Digest(f)
	require.NoError(t, err)
	require.Equal(t, digest, checked.Digest)

	parent := t.TempDir()
	into := filepath.Join(parent, "here")
	extracted, err := pack.Extract(f, size, into, pack.Options{})
	require.NoError(t, err)
	require.Equal(t, built, extracted)
	modes := map[string]os.FileMode{
		"plugin.yaml": 0o444, "plugin.sums": 0o444, "run.sh": 0o555, "bin/tool": 0o555, "data/words.txt": 0o444,
		"data/big.txt": 0o444, "scripts/help.sh": 0o555,
	}
	require.Equal(t, modes, tree(t, into))
	words, err := os.ReadFile(filepath.Join(into, "data", "words.txt"))
	require.NoError(t, err)
	require.Equal(t, "a word\n", string(words))
	m, err := pack.Manifest(into)
	require.NoError(t, err)
	require.Equal(t, "1.2.3", m.Version)
	left, err := os.ReadDir(parent)
	require.NoError(t, err)
	require.Len(t, left, 1, "nothing is left beside it")

	_, err = pack.Extract(f, size, into, pack.Options{})
	require.Error(t, err, "a directory that is there is not written to")
	require.Equal(t, modes, tree(t, into))
}

// tree lists the files under dir with their permissions.
func tree(t *testing.T, dir string) map[string]os.FileMode {
	t.Helper()
	found := map[string]os.FileMode{}
	require.NoError(t, filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			name, _ := filepath.Rel(dir, path)
			found[filepath.ToSlash(name)] = info.Mode()
		}
		return err
	}))
	return found
}

func TestTheSameFilesMakeTheSamePackage(t *testing.T) {
	t.Parallel()
	_, one := build(t, project(t), nil)
	dir := project(t)
	_, two := build(t, dir, nil)
	require.Equal(t, one.Digest, two.Digest)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "data", "words.txt"), []byte("another\n"), 0o600))
	_, three := build(t, dir, nil)
	require.NotEqual(t, one.Digest, three.Digest)
}

func TestNothingIsBuiltOfABadDirectory(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(dir string) error
		says  string
	}{
		"no manifest": {func(dir string) error { return os.Remove(filepath.Join(dir, "plugin.yaml")) }, "no such file"},
		"bad manifest": {func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "plugin.yaml"), []byte("nam: x"), 0o600)
		}, "nam: is not known"},
		"no executable": {func(dir string) error { return os.Remove(filepath.Join(dir, "bin", "tool")) }, "plugin.yaml executables.linux/amd64"},
		"a link":        {func(dir string) error { return os.Symlink("/etc/passwd", filepath.Join(dir, "data", "link")) }, `"data/link"`},
		"odd name":      {func(dir string) error { return os.WriteFile(filepath.Join(dir, "a:b"), nil, 0o600) }, "not allowed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, into := project(t), t.TempDir()
			require.NoError(t, c.spoil(dir))
			_, err := pack.Build(dir, filepath.Join(into, "x.zip"), pack.BuildOptions{})
			require.ErrorContains(t, err, c.says)
			require.Empty(t, tree(t, into))
		})
	}
}

func TestSignatures(t *testing.T) {
	t.Parallel()
	public, private, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	other, _, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	text, err := pack.FormatPrivateKey(private)
	require.NoError(t, err)
	private, err = pack.ParsePrivateKey(text)
	require.NoError(t, err)
	parsed, err := pack.ParsePublicKey(pack.FormatPublicKey(public))
	require.NoError(t, err)

	out, built := build(t, project(t), private)
	require.True(t, built.Signed)
	f, size := openFile(t, out)
	_, err = pack.Check(f, size, pack.Options{Keys: []ed25519.PublicKey{other, parsed}})
	require.NoError(t, err)
	_, err = pack.Check(f, size, pack.Options{Keys: []ed25519.PublicKey{other}})
	require.ErrorContains(t, err, "not signed with a key that is trusted here")
	out, _ = build(t, project(t), nil)
	f, size = openFile(t, out)
	_, err = pack.Check(f, size, pack.Options{Keys: []ed25519.PublicKey{public}})
	require.ErrorContains(t, err, "is not signed")

	for _, bad := range []string{"", "x", pack.FormatPublicKey(public)[:40]} {
		_, err = pack.ParsePublicKey(bad)
		require.Error(t, err)
		_, err = pack.ParsePrivateKey([]byte(bad))
		require.Error(t, err)
	}
}
