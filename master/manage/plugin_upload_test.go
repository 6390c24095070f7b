package manage

import (
	"bytes"
	"crypto/ed25519"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func TestAPluginIsUploadedAndRead(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "made")
	b := setup(t, func(o *Options) { o.Plugins.Dir = dir })
	noise := make([]byte, 5*core.PluginChunk/2+7) // does not compress: the file has several chunks
	random := rand.NewChaCha8([32]byte{1})
	_, _ = random.Read(noise)
	data := project{name: "hello", version: "1.0.0", script: "#!/bin/sh\n" + string(noise)}.build(t)
	v, fresh, err := b.Plugins.Upload(b.ctx, b.admin, bytes.NewReader(data))
	require.NoError(t, err)
	require.True(t, fresh)
	require.Equal(t, int64(len(data)), v.Size)
	require.Equal(t, 3, v.Chunks)
	require.Equal(t, "ada", v.UploadedByName)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)

	got, m, err := b.Plugins.Version(b.ctx, "hello", "1.0.0")
	require.NoError(t, err)
	require.Equal(t, v, got)
	require.Contains(t, m.Tasks, "greet")
	got, file, err := b.Plugins.Download(b.ctx, "hello", "1.0.0")
	require.NoError(t, err)
	require.Equal(t, v, got)
	content, err := io.ReadAll(file)
	require.NoError(t, err)
	require.True(t, bytes.Equal(data, content))

	again, fresh, err := b.Plugins.Upload(b.ctx, b.admin, bytes.NewReader(data))
	require.NoError(t, err)
	require.False(t, fresh)
	require.Equal(t, v, again)
	changed := project{name: "hello", version: "1.0.0"}.build(t)
	_, _, err = b.Plugins.Upload(b.ctx, b.admin, bytes.NewReader(changed))
	requireError(t, err, core.CodeConflict, "", `version 1.0.0 of plugin package "hello" already, with another content`)
}

func TestPackagesAreListed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, v := range []string{"1.0.0", "1.10.0", "1.9.0", "2.0.0-rc.1"} {
		b.upload("hello", v)
	}
	b.upload("another", "0.1.0-beta")
	all, err := b.Plugins.List(b.ctx)
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, "another", all[0].Package)
	require.Equal(t, "0.1.0-beta", all[0].Latest.Version, "there is no release")
	require.Equal(t, "1.10.0", all[1].Latest.Version)
	var versions []string
	for _, v := range all[1].Versions {
		versions = append(versions, v.Version)
	}
	require.Equal(t, []string{"2.0.0-rc.1", "1.10.0", "1.9.0", "1.0.0"}, versions)

	id := b.create(false, plugged("hello", ""))
	d, err := b.Plugins.Get(b.ctx, "hello")
	require.NoError(t, err)
	require.Equal(t, all[1], d.Plugin)
	require.Equal(t, "1.10.0", d.Manifest.Version)
	require.EqualValues(t, 1, d.TaskCount)
	require.Equal(t, id, d.Tasks[0].TaskID)
	_, err = b.Plugins.Get(b.ctx, "none")
	require.Equal(t, core.CodeNotFound, core.CodeOf(err))
	_, _, err = b.Plugins.Download(b.ctx, "hello", "3.0.0")
	require.Equal(t, core.CodeNotFound, core.CodeOf(err))
}

func TestUploadsAreRefused(t *testing.T) {
	t.Parallel()
	trusted, _, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	_, stranger, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	right := project{name: "hello", version: "1.0.0"}.build(t)
	for name, c := range map[string]struct {
		body   io.Reader
		change func(*PluginOptions)
		code   core.Code
		says   string
	}{
		"no zip":          {bytes.NewReader([]byte("hello")), nil, core.CodeMalformed, "is not a zip file"},
		"nothing":         {bytes.NewReader(nil), nil, core.CodeMalformed, "is not a zip file"},
		"too large":       {bytes.NewReader(right), func(o *PluginOptions) { o.MaxSize = int64(len(right)) - 1 }, core.CodeTooLarge, "has more than"},
		"without end":     {rand.NewChaCha8([32]byte{}), func(o *PluginOptions) { o.MaxSize = 1 << 20 }, core.CodeTooLarge, "has more than 1048576 bytes"},
		"no script":       {bytes.NewReader(bytes.ReplaceAll(right, []byte("run"), []byte("rum"))), nil, core.CodeRule, "executables.any"},
		"not signed":      {bytes.NewReader(right), func(o *PluginOptions) { o.Keys = []ed25519.PublicKey{trusted} }, core.CodeRule, "is not signed"},
		"signed by other": {bytes.NewReader(project{name: "hello", version: "1.0.0", key: stranger}.build(t)), func(o *PluginOptions) { o.Keys = []ed25519.PublicKey{trusted} }, core.CodeRule, "trusted"},
		"cut off":         {broken(right), nil, "", "receive the package"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			b := setup(t, func(o *Options) {
				o.Plugins.Dir = dir
				if c.change != nil {
					c.change(&o.Plugins)
				}
			})
			_, _, err := b.Plugins.Upload(b.ctx, b.admin, c.body)
			require.ErrorContains(t, err, c.says)
			require.Equal(t, c.code, core.CodeOf(err), "%v", err)
			b.nothingLeft(dir)
		})
	}
}

func TestSignedUploadsAreTaken(t *testing.T) {
	t.Parallel()
	trusted, key, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	b := setup(t, func(o *Options) { o.Plugins.Keys = []ed25519.PublicKey{trusted} })
	v, _, err := b.Plugins.Upload(b.ctx, b.admin, bytes.NewReader(project{name: "hello", version: "1.0.0", key: key}.build(t)))
	require.NoError(t, err)
	require.True(t, v.Signed)
}

// Two masters are given a version at once. With another content each, one wins; with the same, both are told of the same.
func TestTwoMastersUploadAVersionAtOnce(t *testing.T) {
	t.Parallel()
	for name, same := range map[string]bool{"same content": true, "another content": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			masters := []*bundle{b, b.other()}
			bodies := [][]byte{project{name: "hello", version: "1.0.0"}.build(t), project{name: "hello", version: "1.0.0", script: "#!/bin/bash\n"}.build(t)}
			if same {
				bodies[1] = bodies[0]
			}
			errs, versions, fresh := make([]error, 2), make([]*core.PluginVersion, 2), make([]bool, 2)
			var group sync.WaitGroup
			for i, m := range masters {
				group.Go(func() { versions[i], fresh[i], errs[i] = m.Plugins.Upload(m.ctx, m.admin, bytes.NewReader(bodies[i])) })
			}
			group.Wait()
			require.NotEqual(t, fresh[0], fresh[1], "one is the first")
			stored, _, err := b.Plugins.Version(b.ctx, "hello", "1.0.0")
			require.NoError(t, err)
			for i := range masters {
				if same || fresh[i] {
					require.NoError(t, errs[i])
					require.Equal(t, stored, versions[i])
					continue
				}
				require.Equal(t, core.CodeConflict, core.CodeOf(errs[i]))
			}
		})
	}
}
