package store_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/internal/testdb/fill"
	"github.com/carillonhq/carillon/store"
)

// version makes a version of a package with two chunks.
func version(name, number string) *core.PluginVersion {
	return testdb.PluginVersion(func(v *core.PluginVersion) { v.Package, v.Version = name, number })
}

// chunks are the pieces of a version.
func chunks(v *core.PluginVersion) [][]byte { return testdb.PluginChunks(v) }

// upload uploads a version of a package.
func (b *bundle) upload(name, number string) *core.PluginVersion {
	b.t.Helper()
	v := version(name, number)
	testdb.Upload(b.t, b.Store, v)
	return v
}

// plugged makes a task one that calls a plugin.
func plugged(name, version string) func(*core.Task) {
	return func(k *core.Task) {
		k.Kind, k.Callback, k.Plugin = core.KindPlugin, nil, &core.PluginCall{Package: name, Task: "t", Version: version}
	}
}

// remove deletes a version whatever uses it.
func (b *bundle) remove(name, number string) {
	b.t.Helper()
	require.NoError(b.t, b.DeletePlugin(b.ctx, core.DefaultNamespace, name, number, func(*core.PluginVersion, store.PluginUse) error { return nil }))
}

// sweep sweeps until nothing is left that stood still before dead.
func (b *bundle) sweep(dead time.Time) (rounds int) {
	b.t.Helper()
	for {
		more, err := b.SweepPlugins(b.ctx, dead)
		require.NoError(b.t, err)
		if !more {
			return rounds
		}
		rounds++
	}
}

func TestPluginVersionRoundTrip(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		var want core.PluginVersion
		fill.Value(t, &want)
		want.Manifest = []byte(`{"name": "程序包 𝄞"}`)
		require.NoError(t, b.BeginPlugin(b.ctx, &want))
		done, err := b.FinishPlugin(b.ctx, &want)
		require.NoError(t, err)
		require.True(t, done)
		require.WithinDuration(t, b.Now(), want.UploadedAt, time.Minute)
		got, err := b.PluginVersion(b.ctx, want.Namespace, want.Package, want.Version)
		require.NoError(t, err)
		require.Equal(t, &want, got)
		want.Manifest = nil
		all, err := b.PluginVersions(b.ctx, want.Namespace, want.Package)
		require.NoError(t, err)
		require.Equal(t, []*core.PluginVersion{&want}, all)
		all, err = b.Plugins(b.ctx, want.Namespace)
		require.NoError(t, err)
		require.Equal(t, []*core.PluginVersion{&want}, all)
		all, err = b.Plugins(b.ctx, "other")
		require.NoError(t, err)
		require.Empty(t, all)
	})
}

// A version that is uploaded is there at once and whole: until it is finished, neither it nor its chunks can be seen.
func TestPluginUpload(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		v := version("hello", "1.0.0")
		require.NoError(t, b.BeginPlugin(b.ctx, v))
		require.NoError(t, b.AddPluginChunks(b.ctx, v.ID, 0, chunks(v)[:1]))
		require.NoError(t, b.AddPluginChunks(b.ctx, v.ID, 1, chunks(v)[1:]))
		_, err := b.PluginVersion(b.ctx, v.Namespace, v.Package, v.Version)
		require.Equal(t, core.CodeNotFound, core.CodeOf(err))
		_, _, _, err = b.PluginChunk(b.ctx, v.Digest, 0)
		require.Equal(t, core.CodeNotFound, core.CodeOf(err))
		all, err := b.Plugins(b.ctx, v.Namespace)
		require.NoError(t, err)
		require.Empty(t, all)

		done, err := b.FinishPlugin(b.ctx, v)
		require.NoError(t, err)
		require.True(t, done)
		for i, want := range chunks(v) {
			data, count, size, err := b.PluginChunk(b.ctx, v.Digest, i)
			require.NoError(t, err)
			require.Equal(t, want, data)
			require.Equal(t, v.Chunks, count)
			require.Equal(t, v.Size, size)
		}
		for digest, number := range map[string]int{v.Digest: 2, "other": 0} {
			_, _, _, err = b.PluginChunk(b.ctx, digest, number)
			require.Equal(t, core.CodeNotFound, core.CodeOf(err))
		}
		_, err = b.FinishPlugin(b.ctx, v)
		require.Equal(t, core.CodeConflict, core.CodeOf(err), "it is finished once")
	})
}

// Names are told apart by their case, whatever the database's collation.
func TestPluginNamesHaveACase(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		for _, name := range []string{"hello", "Hello", "hello ", "héllo"} {
			b.upload(name, "1.0.0-rc")
			b.upload(name, "1.0.0-RC")
		}
		found, err := b.PluginVersions(b.ctx, core.DefaultNamespace, "Hello")
		require.NoError(t, err)
		require.Len(t, found, 2)
		all, err := b.Plugins(b.ctx, core.DefaultNamespace)
		require.NoError(t, err)
		require.Len(t, all, 8)
		require.True(t, slices.IsSortedFunc(all, func(a, b *core.PluginVersion) int {
			return strings.Compare(a.Package+"\x00"+a.Version, b.Package+"\x00"+b.Version)
		}))
	})
}

// Two masters that upload the same version at once: one wins, and the other leaves nothing.
func TestPluginNameIsTakenOnce(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		first, second := version("hello", "1.0.0"), version("hello", "1.0.0")
		second.Digest = strings.Repeat("f", 64)
		for _, v := range []*core.PluginVersion{first, second} {
			require.NoError(t, b.BeginPlugin(b.ctx, v))
			require.NoError(t, b.AddPluginChunks(b.ctx, v.ID, 0, chunks(v)))
		}
		done, err := b.FinishPlugin(b.ctx, second)
		require.NoError(t, err)
		require.True(t, done)
		done, err = b.FinishPlugin(b.ctx, first)
		require.NoError(t, err)
		require.False(t, done)
		got, err := b.PluginVersion(b.ctx, first.Namespace, first.Package, first.Version)
		require.NoError(t, err)
		require.Equal(t, second.Digest, got.Digest)
		require.Equal(t, 2, b.sweep(b.Now().Add(time.Hour)), "one for the chunks and one for the row")
		require.Len(t, b.dump()["plugin_versions"], 1)
		require.Len(t, b.dump()["plugin_chunks"], 2)
	})
}

func (b *bundle) dump() map[string][]string {
	b.t.Helper()
	tables, err := b.Dump(b.ctx)
	require.NoError(b.t, err)
	return tables
}

// What a master left that died in the middle of an upload is swept; an upload that goes on is not, and one that was swept
// cannot go on.
func TestDeadUploadsAreSwept(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		ready := b.upload("hello", "1.0.0")
		v := version("hello", "2.0.0")
		v.Chunks = 40
		require.NoError(t, b.BeginPlugin(b.ctx, v))
		for i := range v.Chunks {
			require.NoError(t, b.AddPluginChunks(b.ctx, v.ID, i, [][]byte{{byte(i)}}))
		}
		require.Zero(t, b.sweep(b.Now().Add(-time.Minute)))
		require.Equal(t, 4, b.sweep(b.Now().Add(time.Minute)), "a few chunks at a time")
		require.Equal(t, core.CodeConflict, core.CodeOf(b.AddPluginChunks(b.ctx, v.ID, 40, [][]byte{{1}})))
		_, err := b.FinishPlugin(b.ctx, v)
		require.Equal(t, core.CodeConflict, core.CodeOf(err))
		require.Len(t, b.dump()["plugin_versions"], 1)
		require.Len(t, b.dump()["plugin_chunks"], 2)
		_, _, _, err = b.PluginChunk(b.ctx, ready.Digest, 1)
		require.NoError(t, err)
	})
}

// A version that is deleted is gone at once, its name is free, and its chunks stay for those who were told of it before.
func TestDeletingAPluginVersion(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		v := b.upload("hello", "1.0.0")
		other := b.upload("hello", "1.1.0")
		refusal := core.Conflict("in use")
		err := b.DeletePlugin(b.ctx, v.Namespace, v.Package, v.Version, func(*core.PluginVersion, store.PluginUse) error { return refusal })
		require.ErrorIs(t, err, refusal)
		b.remove("hello", "1.0.0")
		_, err = b.PluginVersion(b.ctx, v.Namespace, v.Package, v.Version)
		require.Equal(t, core.CodeNotFound, core.CodeOf(err))
		err = b.DeletePlugin(b.ctx, v.Namespace, v.Package, v.Version, nil)
		require.Equal(t, core.CodeNotFound, core.CodeOf(err))
		_, _, _, err = b.PluginChunk(b.ctx, v.Digest, 0)
		require.NoError(t, err)

		again := version("hello", "1.0.0")
		again.Digest = v.Digest
		require.NoError(t, b.BeginPlugin(b.ctx, again))
		require.NoError(t, b.AddPluginChunks(b.ctx, again.ID, 0, [][]byte{{1}, {2}}))
		_, err = b.FinishPlugin(b.ctx, again)
		require.NoError(t, err)
		data, _, _, err := b.PluginChunk(b.ctx, v.Digest, 0)
		require.NoError(t, err)
		require.Equal(t, []byte{1}, data, "the new one goes before the deleted one")
		require.Equal(t, 2, b.sweep(b.Now().Add(time.Minute)))
		for _, digest := range []string{v.Digest, other.Digest} {
			_, _, _, err = b.PluginChunk(b.ctx, digest, 1)
			require.NoError(t, err)
		}
	})
}

// Who deletes is told of the versions, the tasks and the runs under way of the package, and of no other.
func TestWhatUsesAPlugin(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		b.upload("hello", "1.0.0")
		b.upload("hello", "2.0.0")
		b.upload("other", "1.0.0")
		pinned := b.task(stopped, plugged("hello", "1.0.0"))
		follower := b.task(plugged("hello", ""))
		b.task(plugged("other", ""))
		gone := b.task(plugged("hello", "2.0.0"))
		now := testdb.Now()
		for _, k := range []*core.Task{follower, gone} {
			b.plan(k, now.Add(-time.Second))
		}
		sent := b.dispatch()
		require.Len(t, sent, 2)
		b.plan(follower, now.Add(time.Hour)) // planned: it will have what there is then
		b.move(gone.ID, core.TaskDeleted)
		edited := b.task(stopped, plugged("hello", ""))
		edited.Kind, edited.Plugin, edited.Callback = core.KindHTTP, nil, &core.Callback{Method: "GET", URL: "http://127.0.0.1/"}
		require.NoError(t, b.EditTask(b.ctx, edited))

		asked := false
		require.NoError(t, b.DeletePlugin(b.ctx, core.DefaultNamespace, "hello", "1.0.0", func(v *core.PluginVersion, use store.PluginUse) error {
			asked = true
			require.Equal(t, "1.0.0", v.Version)
			require.Len(t, use.Versions, 2)
			want := []core.PluginTask{
				{TaskID: pinned.ID, Title: pinned.Title, State: core.TaskStopped, Version: "1.0.0"},
				{TaskID: follower.ID, Title: follower.Title, State: core.TaskRunning},
			}
			require.ElementsMatch(t, want, use.Tasks)
			require.Len(t, use.Runs, 2)
			for _, r := range use.Runs {
				require.EqualValues(t, 1, r.Count)
				require.WithinDuration(t, now, r.First, time.Minute)
				require.Contains(t, []string{"", "2.0.0"}, r.Version)
			}
			return nil
		}))
		require.True(t, asked)

		tasks, total, err := b.PluginTasks(b.ctx, core.DefaultNamespace, "hello", 1)
		require.NoError(t, err)
		require.Len(t, tasks, 1)
		require.EqualValues(t, 2, total)
	})
}

// A task is put in force only where its package is.
func TestPuttingInForceNeedsThePlugin(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		k := b.task(stopped, plugged("hello", "1.0.0"))
		start := func(version string) error {
			return b.MoveTask(b.ctx, store.TaskMove{
				TaskID: k.ID, From: []core.TaskState{core.TaskStopped}, Version: k.Version, To: core.TaskRunning, Now: testdb.Now(),
				Needs: &store.PluginNeed{Namespace: k.Namespace, Package: "hello", Version: version},
			})
		}
		created := func(version string) error {
			return b.CreateTask(b.ctx, testdb.Task(plugged("hello", version)), nil)
		}
		require.ErrorContains(t, start("1.0.0"), `version 1.0.0 of plugin package "hello" has not been uploaded`)
		require.ErrorContains(t, start(""), `plugin package "hello" has not been uploaded`)
		require.ErrorContains(t, created(""), "has not been uploaded")
		b.upload("hello", "1.1.0")
		require.ErrorContains(t, start("1.0.0"), "version 1.0.0 of")
		require.ErrorContains(t, created("1.0.0"), "version 1.0.0 of")
		require.NoError(t, created(""))
		require.NoError(t, created("1.1.0"))
		b.remove("hello", "1.1.0")
		require.ErrorContains(t, start(""), "has not been uploaded")
		b.upload("hello", "1.0.0")
		require.NoError(t, start("1.0.0"))
	})
}
