package buildinfo

import (
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDescribe(t *testing.T) {
	t.Parallel()
	recorded := &debug.BuildInfo{
		GoVersion: "go1.26.8",
		Main:      debug.Module{Version: "v1.0.0"},
		Settings:  []debug.BuildSetting{{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.modified", Value: "true"}},
	}
	platform := runtime.GOOS + "/" + runtime.GOARCH

	require.Equal(t, Info{Version: "v1.2.3", Commit: "abc-dirty", Go: "go1.26.8", Platform: platform},
		describe("v1.2.3", recorded), "the linker's version wins")
	require.Equal(t, "v1.0.0", describe("", recorded).Version, "then the module's")
	require.Equal(t, "carillon v1.2.3 (commit abc-dirty, go1.26.8, "+platform+")", describe("v1.2.3", recorded).String())

	bare := describe("", &debug.BuildInfo{Main: debug.Module{Version: "(devel)"}})
	require.Equal(t, "devel", bare.Version)
	require.Equal(t, "unknown", bare.Commit)
	require.Equal(t, runtime.Version(), describe("", nil).Go)
}

func TestGetIsNeverEmpty(t *testing.T) {
	t.Parallel()
	got := Get()
	require.NotEmpty(t, got.Version)
	require.NotEmpty(t, got.Commit)
	require.NotEmpty(t, got.Go)
}
