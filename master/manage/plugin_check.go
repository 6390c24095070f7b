package manage

import (
	"context"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/plugins/manifest"
	"github.com/carillonhq/carillon/store"
)

// manifestOf gives the manifest of the version that a call would have now; nil when there is none.
func (s *Plugins) manifestOf(ctx context.Context, call *core.PluginCall) (*manifest.Manifest, error) {
	version := call.Version
	if version == "" {
		versions, err := s.store.PluginVersions(ctx, core.DefaultNamespace, call.Package)
		if err != nil {
			return nil, err
		}
		version = latestOf(versions)
	}
	_, m, err := s.Version(ctx, call.Package, version)
	if core.CodeOf(err) == core.CodeNotFound {
		return nil, nil
	}
	return m, err
}

// check refuses a task that calls what its package does not have, or with parameters that do not fit. A package that is not
// there says nothing.
func (s *Plugins) check(ctx context.Context, t *core.Task) error {
	if t.Kind != core.KindPlugin {
		return nil
	}
	m, err := s.manifestOf(ctx, t.Plugin)
	if m == nil {
		return err
	}
	_, err = m.Arguments(t.Plugin.Task, t.Params)
	return err
}

// need is what a task needs to be put in force; nil for nothing.
func need(t *core.Task) *store.PluginNeed {
	if t.Kind != core.KindPlugin {
		return nil
	}
	return &store.PluginNeed{Namespace: t.Namespace, Package: t.Plugin.Package, Version: t.Plugin.Version}
}

// callable refuses to put a task in force whose package is not there, or does not have what it calls.
func (s *Plugins) callable(ctx context.Context, t *core.Task) error {
	if t.Kind != core.KindPlugin {
		return nil
	}
	m, err := s.manifestOf(ctx, t.Plugin)
	switch {
	case err != nil:
		return err
	case m == nil && t.Plugin.Version != "":
		return core.Conflict("version %s of plugin package %q has not been uploaded", t.Plugin.Version, t.Plugin.Package)
	case m == nil:
		return core.Conflict("plugin package %q has not been uploaded", t.Plugin.Package)
	}
	_, err = m.Arguments(t.Plugin.Task, t.Params)
	return err
}
