package manage

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func TestWhatIsUsedIsNotDeleted(t *testing.T) {
	t.Parallel()
	const pinned, only, running = "is pinned by task", "is the only one, and task", "has runs under way"
	for name, c := range map[string]struct {
		do   func(b *bundle)
		says string // why version 1.0.0 is not deleted; empty when it is
	}{
		"nothing uses it":          {func(*bundle) {}, ""},
		"pinned by a stopped task": {func(b *bundle) { b.upload("p", "2.0.0"); b.create(false, plugged("p", "1.0.0")) }, pinned},
		"pinned by a deleted task": {func(b *bundle) { b.drop(b.create(false, plugged("p", "1.0.0"))) }, ""},
		"another one is pinned":    {func(b *bundle) { b.upload("p", "2.0.0"); b.create(false, plugged("p", "2.0.0")) }, ""},
		"the only one":             {func(b *bundle) { b.create(false, plugged("p", "")) }, only},
		"of another package":       {func(b *bundle) { b.upload("q", "1.0.0"); b.create(false, plugged("q", "")) }, ""},
		"not the only one":         {func(b *bundle) { b.upload("p", "0.9.0"); b.create(true, plugged("p", "")) }, ""},
		"runs of the latest":       {func(b *bundle) { b.upload("p", "0.9.0"); b.fire(b.create(true, plugged("p", ""))) }, running},
		"runs of a deleted task":   {func(b *bundle) { b.drop(b.fire(b.create(true, plugged("p", "1.0.0")))) }, running},
		"runs that have ended":     {func(b *bundle) { b.upload("p", "0.9.0"); b.finish(b.fire(b.create(true, plugged("p", "")))) }, ""},
		"runs from before a newer one": {func(b *bundle) {
			b.fire(b.create(true, plugged("p", "")))
			time.Sleep(time.Minute)
			b.upload("p", "1.1.0")
		}, running},
		"runs from after a newer one": {func(b *bundle) {
			b.upload("p", "1.1.0")
			time.Sleep(time.Minute)
			b.fire(b.create(true, plugged("p", "")))
		}, ""},
		"runs from after a newer prerelease": {func(b *bundle) {
			b.upload("p", "1.1.0-rc")
			time.Sleep(time.Minute)
			b.fire(b.create(true, plugged("p", "")))
		}, running},
		"runs that another master may have resolved": {func(b *bundle) {
			b.upload("p", "1.1.0")
			b.fire(b.create(true, plugged("p", "")))
		}, running},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := setup(t)
				b.join("w1")
				b.upload("p", "1.0.0")
				c.do(b)
				err := b.Plugins.Delete(b.ctx, b.admin, "p", "1.0.0")
				_, _, missing := b.Plugins.Version(b.ctx, "p", "1.0.0")
				if c.says == "" {
					require.NoError(t, err)
					require.Equal(t, core.CodeNotFound, core.CodeOf(missing))
					require.Equal(t, core.CodeNotFound, core.CodeOf(b.Plugins.Delete(b.ctx, b.admin, "p", "1.0.0")))
					return
				}
				requireError(t, err, core.CodeConflict, "", c.says)
				require.NoError(t, missing)
			})
		})
	}
}

// fire has a run of a task be under way.
func (b *bundle) fire(id string) string {
	b.t.Helper()
	_, err := b.Tasks.RunOnce(b.ctx, b.admin, id)
	require.NoError(b.t, err)
	require.NotEmpty(b.t, b.dispatch(b.store.Now()))
	return id
}

// finish ends the run of a task.
func (b *bundle) finish(id string) {
	b.t.Helper()
	runs := b.runs(id, core.RunDispatched)
	require.Len(b.t, runs, 1)
	rec, err := b.store.Record(b.ctx, []core.Outcome{{RunID: runs[0].ID, Token: runs[0].Token, State: core.RunSucceeded, SentAt: b.store.Now(), AnsweredAt: b.store.Now()}},
		route, func() float64 { return 0 })
	require.NoError(b.t, err)
	require.Len(b.t, rec.Runs, 1)
}

func (b *bundle) drop(id string) {
	b.t.Helper()
	require.NoError(b.t, b.Tasks.Delete(b.ctx, b.admin, id))
}

// A call has the version that it pins or the latest, and what another master did is known within a second.
func TestResolve(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		other := b.other()
		resolve := func(version string) (string, string, error) {
			return b.Plugins.Resolve(b.ctx, core.PluginCall{Package: "p", Task: "greet", Version: version})
		}
		_, _, err := resolve("")
		requireError(t, err, core.CodeNotFound, "", `plugin package "p" has not been uploaded`)
		first := b.upload("p", "1.0.0")
		version, digest, err := resolve("")
		require.NoError(t, err, "what this master did it knows at once")
		require.Equal(t, []string{"1.0.0", first.Digest}, []string{version, digest})

		second := other.upload("p", "1.1.0")
		other.upload("p", "2.0.0-rc.1")
		time.Sleep(resolveEvery)
		version, digest, err = resolve("")
		require.NoError(t, err)
		require.Equal(t, []string{"1.1.0", second.Digest}, []string{version, digest})
		version, digest, err = resolve("1.0.0")
		require.NoError(t, err)
		require.Equal(t, []string{"1.0.0", first.Digest}, []string{version, digest})
		_, _, err = resolve("3.0.0")
		requireError(t, err, core.CodeNotFound, "", `version 3.0.0 of plugin package "p" has not been uploaded`)

		require.NoError(t, other.Plugins.Delete(b.ctx, b.admin, "p", "1.1.0"))
		time.Sleep(resolveEvery)
		version, _, err = resolve("")
		require.NoError(t, err)
		require.Equal(t, "1.0.0", version)
		require.NoError(t, b.store.Close())
		_, _, err = resolve("")
		require.NoError(t, err, "it does not ask each time")
		time.Sleep(resolveEvery)
		_, _, err = resolve("")
		require.Error(t, err)
		require.Empty(t, core.CodeOf(err))
	})
}

// What a master left that died in the middle of an upload goes by itself; and so do the chunks of a deleted version, once no
// worker can be about to fetch them.
func TestLeftoversAreSwept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		dead := &core.PluginVersion{ID: "dead", Namespace: core.DefaultNamespace, Package: "p", Version: "1.0.0", Digest: "d", Size: 2, Chunks: 2}
		require.NoError(t, b.store.BeginPlugin(b.ctx, dead))
		require.NoError(t, b.store.AddPluginChunks(b.ctx, dead.ID, 0, [][]byte{{1}}))
		kept, gone := b.upload("p", "1.0.0"), b.upload("p", "0.9.0")
		require.NoError(t, b.Plugins.Delete(b.ctx, b.admin, "p", "0.9.0"))
		require.NoError(t, b.Plugins.Sweep(b.ctx))
		require.NoError(t, b.store.AddPluginChunks(b.ctx, dead.ID, 1, [][]byte{{1}}))
		_, _, _, err := b.store.PluginChunk(b.ctx, gone.Digest, 0)
		require.NoError(t, err)

		time.Sleep(sweepAfter + time.Second)
		require.NoError(t, b.Plugins.Sweep(b.ctx))
		_, err = b.store.FinishPlugin(b.ctx, dead)
		require.Equal(t, core.CodeConflict, core.CodeOf(err))
		_, _, _, err = b.store.PluginChunk(b.ctx, gone.Digest, 0)
		require.Equal(t, core.CodeNotFound, core.CodeOf(err))
		_, _, _, err = b.store.PluginChunk(b.ctx, kept.Digest, 0)
		require.NoError(t, err)
		more, err := b.store.SweepPlugins(b.ctx, b.store.Now())
		require.NoError(t, err)
		require.False(t, more)
	})
}
