package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPluginInit(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new")
	require.Zero(t, run(t.Context(), []string{"plugin", "init", "--dir", dir, "hello"}))
	require.FileExists(t, filepath.Join(dir, "main.go"))
	require.Equal(t, 1, run(t.Context(), []string{"plugin", "init", "--dir", dir, "hello"}), "the directory is not empty")

	require.Zero(t, run(t.Context(), []string{"plugin", "init", "--lang", "node", "--dir", filepath.Join(dir, "node"), "hello"}))
	require.FileExists(t, filepath.Join(dir, "node", "main.js"))

	other := filepath.Join(dir, "other")
	for _, args := range [][]string{{}, {"a", "b"}, {"Hello"}, {"--lang", "cobol", "hello"}} {
		require.Equal(t, exitUsage, run(t.Context(), append([]string{"plugin", "init", "--dir", other}, args...)), args)
	}
	require.NoDirExists(t, other)
}
