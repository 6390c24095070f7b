package manage

import (
	"context"
	"crypto/ed25519"
	"log/slog"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/plugins/manifest"
	"github.com/carillonhq/carillon/plugins/pack"
	"github.com/carillonhq/carillon/store"
)

// PluginOptions say which plugin packages are taken.
type PluginOptions struct {
	// Dir is where a package lies while it is uploaded. Defaults to the system's directory for temporary files.
	Dir string
	// MaxSize is how large a package may be, in bytes. Defaults to pack.DefaultMaxPacked.
	MaxSize int64
	// Keys are those by one of which a package must be signed. With none, unsigned ones are taken.
	Keys []ed25519.PublicKey
}

// Limits are those of a package: what it unpacks to may be four times as large as the package may be.
func (o PluginOptions) Limits() pack.Limits {
	return pack.Limits{Packed: o.MaxSize, Unpacked: 4 * o.MaxSize}
}

// Plugins is the service of plugin packages. All are in the namespace core.DefaultNamespace.
type Plugins struct {
	store *store.Store
	log   *slog.Logger
	newID func() string
	opts  PluginOptions
	known pluginCache
}

// Plugin is a package: its versions in the order of their precedence, the latest by that order first.
type Plugin struct {
	Package string
	// Latest is the version that tasks have which pin none.
	Latest   *core.PluginVersion
	Versions []*core.PluginVersion
}

// PluginDetails is a package with what it does and what uses it.
type PluginDetails struct {
	Plugin
	// Manifest is that of the latest version.
	Manifest *manifest.Manifest
	// Tasks are the first of the tasks that use the package, TaskCount is how many there are.
	Tasks     []core.PluginTask
	TaskCount int64
}

// maxShownTasks is how many of the tasks that use a package are shown with it.
const maxShownTasks = 100

// List lists all packages by name.
func (s *Plugins) List(ctx context.Context) ([]Plugin, error) {
	versions, err := s.store.Plugins(ctx, core.DefaultNamespace)
	if err != nil {
		return nil, err
	}
	var plugins []Plugin
	for from := 0; from < len(versions); {
		to := from + 1
		for to < len(versions) && versions[to].Package == versions[from].Package {
			to++
		}
		plugins = append(plugins, pluginOf(versions[from:to]))
		from = to
	}
	return plugins, nil
}

// Get reads one package.
func (s *Plugins) Get(ctx context.Context, name string) (*PluginDetails, error) {
	versions, err := s.store.PluginVersions(ctx, core.DefaultNamespace, name)
	if err != nil {
		return nil, err
	}
	if len(versions) == 0 {
		return nil, core.NotFound("there is no plugin package %q", name)
	}
	d := &PluginDetails{Plugin: pluginOf(versions)}
	if _, d.Manifest, err = s.Version(ctx, name, d.Latest.Version); err != nil {
		return nil, err
	}
	d.Tasks, d.TaskCount, err = s.store.PluginTasks(ctx, core.DefaultNamespace, name, maxShownTasks)
	return d, err
}

// Version reads one version of a package, and its manifest.
func (s *Plugins) Version(ctx context.Context, name, version string) (*core.PluginVersion, *manifest.Manifest, error) {
	v, err := s.store.PluginVersion(ctx, core.DefaultNamespace, name, version)
	if err != nil {
		return nil, nil, err
	}
	m, err := manifest.FromJSON(v.Manifest)
	return v, m, err
}

// Delete deletes a version of a package, unless a task or a run under way needs it. Workers that were told of it before can
// fetch it for a while still.
func (s *Plugins) Delete(ctx context.Context, actor *core.User, name, version string) error {
	if err := s.store.DeletePlugin(ctx, core.DefaultNamespace, name, version, deletable); err != nil {
		return err
	}
	s.known.forget()
	s.log.InfoContext(ctx, "plugin version deleted", "package", name, "version", version, "by", actor.Name)
	return nil
}

// resolvedWithin is how long a run may have been resolved to what was the latest version before: by a master that looks
// once a second, and by a clock that is not the database's to the microsecond.
const resolvedWithin = 5 * time.Second

func deletable(v *core.PluginVersion, use store.PluginUse) error {
	for _, k := range use.Tasks {
		switch {
		case k.Version == v.Version:
			return core.Conflict("version %s of plugin package %q is pinned by task %s (%s)", v.Version, v.Package, k.TaskID, k.Title)
		case k.Version == "" && len(use.Versions) == 1:
			return core.Conflict("version %s of plugin package %q is the only one, and task %s (%s) uses it", v.Version, v.Package, k.TaskID, k.Title)
		}
	}
	until := latestUntil(v, use.Versions)
	for _, r := range use.Runs {
		if r.Version == v.Version || r.Version == "" && (until.IsZero() || r.First.Before(until.Add(resolvedWithin))) {
			return core.Conflict("version %s of plugin package %q has runs under way: delete it when they have ended", v.Version, v.Package)
		}
	}
	return nil
}

// latestUntil is when a version ceased to be the latest; zero when it is the latest.
func latestUntil(v *core.PluginVersion, versions []*core.PluginVersion) time.Time {
	var until time.Time
	for _, other := range versions {
		later := other != v && manifest.Latest([]string{v.Version, other.Version}) == other.Version
		if later && (until.IsZero() || other.UploadedAt.Before(until)) {
			until = other.UploadedAt
		}
	}
	return until
}
