package manage

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/plugins/pack"
)

// project is what a package is built from. What is empty is as it should be.
type project struct {
	name, version string
	parameters    string // YAML of the schema of the task greet
	script        string
	key           ed25519.PrivateKey
}

// build gives the file of a package.
func (p project) build(t testing.TB) []byte {
	t.Helper()
	if p.parameters == "" {
		p.parameters = "{}"
	}
	if p.script == "" {
		p.script = "#!/bin/sh\n"
	}
	dir := t.TempDir()
	manifest := fmt.Sprintf("name: %s\nversion: %s\nexecutables: {any: run}\ntasks: {greet: {parameters: %s}}\n", p.name, p.version, p.parameters)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "plugin.yaml"), []byte(manifest), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "run"), []byte(p.script), 0o600))
	out := filepath.Join(t.TempDir(), "out.zip")
	_, err := pack.Build(dir, out, pack.BuildOptions{Key: p.key})
	require.NoError(t, err)
	data, err := os.ReadFile(out)
	require.NoError(t, err)
	return data
}

// upload uploads a package of a version.
func (b *bundle) upload(name, version string) *core.PluginVersion {
	b.t.Helper()
	v, fresh, err := b.Plugins.Upload(b.ctx, b.admin, bytes.NewReader(project{name: name, version: version}.build(b.t)))
	require.NoError(b.t, err)
	require.True(b.t, fresh)
	return v
}

// other is another master on the same database.
func (b *bundle) other() *bundle {
	b.t.Helper()
	service, err := New(Options{
		Store: b.store, Logger: b.Plugins.log, Route: route, Wake: b.Tasks.wake, Cancel: b.Tasks.cancel, Plugins: PluginOptions{Dir: b.t.TempDir()},
	})
	require.NoError(b.t, err)
	return &bundle{Service: service, t: b.t, ctx: b.ctx, store: b.store, admin: b.admin}
}

// nothingLeft demands that no package is there, nor what an upload could have left of one.
func (b *bundle) nothingLeft(dir string) {
	b.t.Helper()
	all, err := b.Plugins.List(b.ctx)
	require.NoError(b.t, err)
	require.Empty(b.t, all)
	left, err := os.ReadDir(dir)
	require.NoError(b.t, err)
	require.Empty(b.t, left)
	more, err := b.store.SweepPlugins(b.ctx, b.store.Now().AddDate(1, 0, 0))
	require.NoError(b.t, err)
	require.False(b.t, more, "something was begun in the database")
}

// plugged makes a task one that calls a plugin.
func plugged(name, version string, params ...string) func(*core.Task) {
	return func(t *core.Task) {
		t.Kind, t.Callback, t.Plugin = core.KindPlugin, nil, &core.PluginCall{Package: name, Task: "greet", Version: version}
		for i := 0; i < len(params); i += 2 {
			t.Params = append(t.Params, core.Param{Key: params[i], Value: params[i+1]})
		}
	}
}

// broken is a body that ends early.
func broken(data []byte) io.Reader {
	return io.MultiReader(bytes.NewReader(data[:len(data)/2]), failing{})
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
