package scaffold

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// writeModules has Go work out which modules the SDK needs, at the versions of ours, and which sums a plugin needs.
func writeModules(t *testing.T, dir string) {
	t.Helper()
	ours, err := os.ReadFile("../../go.mod")
	require.NoError(t, err)
	all := regexp.MustCompile(`(?s)\nrequire \(.*`).Find(ours)
	require.NotEmpty(t, all)

	sdk := filepath.Join(dir, sdkFolder)
	write := func(place, format string, words ...any) {
		require.NoError(t, os.WriteFile(place, fmt.Appendf(nil, format, words...), 0o600))
	}
	write(filepath.Join(sdk, "go.mod"), "module github.com/carillonhq/carillon\n\ngo 1.26.0\n%s", all)
	command(t, sdk, "go", "mod", "tidy")
	write(filepath.Join(dir, "go.mod"), "module hello\n\ngo 1.26.0\n\nrequire github.com/carillonhq/carillon v0.0.0\n\n"+
		"replace github.com/carillonhq/carillon => ./%s\n", sdkFolder)
	command(t, dir, "go", "mod", "tidy")

	for from, to := range map[string]*[]byte{filepath.Join(sdkFolder, "go.mod"): &sdkMod, "go.sum": &pluginSum, "go.mod": nil} {
		content, err := os.ReadFile(filepath.Join(dir, from))
		require.NoError(t, err)
		if to == nil {
			pluginMod = string(content)
			write("modules/plugin.mod", "%s", content)
			continue
		}
		*to = content
	}
	write("modules/sdk.mod", "%s", sdkMod)
	write("modules/plugin.sum", "%s", pluginSum)
}
