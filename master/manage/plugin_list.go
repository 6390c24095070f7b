package manage

import (
	"slices"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/plugins/manifest"
)

// pluginOf gathers the versions of a package, of which there is at least one.
func pluginOf(versions []*core.PluginVersion) Plugin {
	sorted := slices.SortedFunc(slices.Values(versions), func(a, b *core.PluginVersion) int { return manifest.Compare(b.Version, a.Version) })
	p := Plugin{Package: sorted[0].Package, Versions: sorted}
	latest := latestOf(sorted)
	p.Latest = sorted[slices.IndexFunc(sorted, func(v *core.PluginVersion) bool { return v.Version == latest })]
	return p
}

func latestOf(versions []*core.PluginVersion) string {
	names := make([]string, len(versions))
	for i, v := range versions {
		names[i] = v.Version
	}
	return manifest.Latest(names)
}
