package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/internal/testdb/fill"
	"github.com/carillonhq/carillon/store"
)

func TestTaskRoundTrip(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		var want core.Task
		fill.Value(t, &want)
		require.NoError(t, b.CreateTask(b.ctx, &want, nil))
		got, err := b.Task(b.ctx, want.ID)
		require.NoError(t, err)
		fill.Same(t, &want, got, "Stats") // counted, see TestTaskStats

		require.NoError(t, b.MoveTask(b.ctx, store.TaskMove{TaskID: want.ID, From: []core.TaskState{want.State}, Version: want.Version, To: core.TaskStopped}))
		want.State = core.TaskStopped
		edited := want
		edited.Title, edited.Remark, edited.Kind, edited.UpdatedAt = "new title", "new remark", core.KindPlugin, want.UpdatedAt.Add(time.Hour)
		fill.Value(t, &edited.Definition)
		require.NoError(t, b.EditTask(b.ctx, &edited))
		got, err = b.Task(b.ctx, want.ID)
		require.NoError(t, err)
		edited.Version, edited.NextDue = want.Version+1, time.Time{}
		fill.Same(t, &edited, got, "Stats")
	})
}

func TestDelayedTaskRoundTrip(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		var want core.DelayedTask
		fill.Value(t, &want)
		require.NoError(t, b.CreateDelayed(b.ctx, &want, b.ahead()))
		require.Equal(t, core.DelayedCreated, want.State, "it is due in the future")
		fill.Same(t, &want, b.delayedTask(want.ID))
	})
}

func TestOpenRunRoundTrip(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		var want core.Run
		fill.Value(t, &want)
		require.NoError(t, b.InsertRuns(b.ctx, &want))
		got := b.run(want.ID)
		fill.Same(t, &want, got, "AnsweredAt", "RecordedAt", "Result", "Count", "FirstDue", "LastDue")
		require.Zero(t, got.AnsweredAt)
		require.Zero(t, got.RecordedAt)
		require.Zero(t, got.Result)
		require.Equal(t, 1, got.Count)
		require.Equal(t, got.Due, got.FirstDue)
		require.Equal(t, got.Due, got.LastDue)
	})
}

func TestEndedRunRoundTrip(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		var want core.Run
		fill.Value(t, &want)
		want.FirstDue = want.Due // a stretch begins at its due instant
		require.NoError(t, b.CloseRuns(b.ctx, &want))
		fill.Same(t, &want, b.run(want.ID), "Holder") // nobody holds an ended run

		list := b.list(store.RunFilter{})
		require.Len(t, list, 1)
		fill.Same(t, &want, list[0], "Holder", "Result.Response", "Result.Log") // left out of lists
		require.Nil(t, list[0].Result.Response)
		require.Nil(t, list[0].Result.Log)
	})
}

func TestUserRoundTrip(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		var want core.User
		fill.Value(t, &want)
		require.NoError(t, b.CreateUser(b.ctx, &want))
		require.NotZero(t, want.ID)
		got, err := b.UserByName(b.ctx, want.Name)
		require.NoError(t, err)
		fill.Same(t, &want, got)

		_, err = b.UserByName(b.ctx, "nobody")
		requireCode(t, err, core.CodeNotFound)
	})
}

func TestNodeRoundTrip(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		var want core.Node
		fill.Value(t, &want)
		want.Kind, want.State = core.NodeWorker, core.NodeEnabled // others cannot be edited
		said := want.Admin
		said.State = core.NodeDisabled
		require.NoError(t, s.Register(t.Context(), &want, "host", time.Minute))
		require.Zero(t, want.Admin, "nobody has said anything yet")
		_, err := s.EditNode(t.Context(), want.Kind, want.Name, core.NodeEdit{State: &said.State, Weight: &said.Weight, Labels: &[]string{"a", "b"}})
		require.NoError(t, err)
		said.Labels = []string{"a", "b"}
		want.LeaseUntil = want.LeaseUntil.Truncate(time.Microsecond)
		gone, err := s.Renew(t.Context(), []store.Beat{{
			Incarnation: want.Incarnation, Kind: want.Kind, Name: want.Name, State: core.NodeDraining, Running: 17, Lease: time.Hour,
		}})
		require.NoError(t, err)
		require.Empty(t, gone)
		nodes, err := s.Nodes(t.Context())
		require.NoError(t, err)
		require.Len(t, nodes, 1)
		require.True(t, nodes[0].LeaseUntil.After(want.LeaseUntil.Add(58*time.Minute)))
		want.Own.State, want.Running, want.Admin = core.NodeDraining, 17, said
		want.State, want.Weight, want.Labels = said.State, said.Weight, said.Labels
		require.WithinDuration(t, s.Now(), nodes[0].SeenAt, 30*time.Second)
		fill.Same(t, &want, &nodes[0], "LeaseUntil", "SeenAt")
		one, err := s.Node(t.Context(), want.Kind, want.Name)
		require.NoError(t, err)
		require.Equal(t, nodes[0], *one)
		_, err = s.Node(t.Context(), core.NodeMaster, want.Name)
		requireCode(t, err, core.CodeNotFound)
	})
}

func TestSettingsAndSecretsRoundTrip(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		got, err := b.Settings(b.ctx)
		require.NoError(t, err)
		require.Empty(t, got)
		require.NoError(t, b.SaveSettings(b.ctx, map[string]string{"a": "1", "A": "2", "b": ""}))
		require.NoError(t, b.SaveSettings(b.ctx, map[string]string{"a": "3"}))
		got, err = b.Settings(b.ctx)
		require.NoError(t, err)
		require.Equal(t, map[string]string{"a": "3", "A": "2", "b": ""}, got)

		secret := func(value string) string {
			s, err := b.Secret(b.ctx, "join", value)
			require.NoError(t, err)
			return s
		}
		require.Empty(t, secret(""), "an empty value stores nothing")
		require.Equal(t, "first", secret("first"))
		require.Equal(t, "first", secret("second"), "whoever comes first decides")
		replace := func(old, value, beside string) bool {
			done, err := b.ReplaceSecret(b.ctx, "join", old, value, "former", beside)
			require.NoError(t, err)
			return done
		}
		require.False(t, replace("another", "third", "x"))
		require.True(t, replace("first", "third", "first"))
		require.False(t, replace("first", "fourth", "y"), "somebody else was there before")
		require.True(t, replace("third", "fifth", "third"))
		all, err := b.Secrets(b.ctx, "join", "former", "none")
		require.NoError(t, err)
		require.Equal(t, map[string]string{"join": "fifth", "former": "third"}, all)

		tap := store.NewTap(b.Store)
		require.Equal(t, "fifth", secret("sixth"))
		for _, st := range tap.Take() {
			require.False(t, st.Write, "one that is there is read beside the writer: %s", st.Query)
		}
	})
}

// Databases differ in what they take two texts for.
func TestTextIsKeptToTheLetter(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		names := []string{"ada", "Ada", "ADA", "ada ", " ada", "ada\t", "ad\u00e1", "ada\u0301", "ad", "👩🏽‍🚀", "👩", "名前", "ａｄａ", "a'd\"a", "a%a", "a_a", `a\a`, "a\na"}
		ids := map[string]int64{}
		for _, name := range names {
			u := &core.User{Name: name, Role: core.RoleViewer, CreatedAt: testdb.Now()}
			require.NoError(t, b.CreateUser(b.ctx, u), "%q", name)
			ids[name] = u.ID
		}
		for _, name := range names {
			u, err := b.UserByName(b.ctx, name)
			require.NoError(t, err, "%q", name)
			require.Equal(t, ids[name], u.ID, "%q", name)
			require.Equal(t, name, u.Name)
		}
		requireCode(t, b.CreateUser(b.ctx, &core.User{Name: "ada", Role: core.RoleViewer}), core.CodeConflict)

		for _, key := range names {
			b.delayed(func(d *core.DelayedTask) { d.ContentKey = key })
		}
		for _, key := range names {
			got, _, err := b.DelayedTasks(b.ctx, store.DelayedFilter{ContentKey: key, Limit: 10})
			require.NoError(t, err)
			require.Len(t, got, 1, "%q", key)
		}
	})
}

func TestLongTextIsKeptWhole(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		long := strings.Repeat("0123456789abcdef", 64<<10/16)
		emoji := strings.Repeat("🦀", 64<<10/4)
		k := b.task(func(k *core.Task) {
			k.Callback.Body = long
			k.Callback.Headers = []core.Header{{Name: "X", Value: emoji}}
		})
		got, err := b.Task(b.ctx, k.ID)
		require.NoError(t, err)
		fill.Same(t, k, got)

		b.plan(k, testdb.Now())
		every := make([]byte, core.MaxResponse)
		for i := range every {
			every[i] = byte(i)
		}
		r := b.one()
		require.Contains(t, string(r.Callback), long)
		b.end(r, core.RunFailed, func(o *core.Outcome) {
			o.Result.Response, o.Result.Reason, o.Result.Truncated = every, emoji, true
		})
		ended := b.run(r.ID)
		require.Equal(t, every, ended.Result.Response, "answers are bytes")
		require.Equal(t, emoji, ended.Result.Reason)
	})
}

func TestInstantsAreKeptToTheMicrosecond(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		for name, at := range map[string]time.Time{
			"microseconds":     time.Date(2026, 1, 2, 3, 4, 5, 123_456_000, time.UTC),
			"a zone":           time.Date(2026, 1, 2, 3, 4, 5, 1000, time.FixedZone("elsewhere", -5*3600)),
			"the last":         time.Date(2199, 12, 31, 23, 59, 59, 999_999_000, time.UTC),
			"the first but 1":  time.Date(1970, 1, 1, 0, 0, 0, 1000, time.UTC),
			"before the epoch": time.Date(1969, 12, 31, 23, 59, 59, 999_999_000, time.UTC),
		} {
			d := b.delayed(func(d *core.DelayedTask) { d.Due = at })
			got := b.delayedTask(d.ID).Due
			require.True(t, at.Equal(got), "%s: %s is read as %s", name, at, got)
			require.Equal(t, time.UTC, got.Location(), name)
		}
		d := b.delayed(func(d *core.DelayedTask) { d.Due = time.Date(2100, 1, 1, 0, 0, 0, 999_999_999, time.UTC) })
		require.Equal(t, time.Date(2100, 1, 1, 0, 0, 0, 999_999_000, time.UTC), b.delayedTask(d.ID).Due, "what is finer is cut off")
		require.True(t, d.FinishedAt.IsZero())
		require.True(t, b.delayedTask(d.ID).FinishedAt.IsZero(), "no instant is read as none")

		k := b.task(func(k *core.Task) {
			k.Schedule.Start = time.Date(2026, 3, 29, 2, 30, 0, 0, time.FixedZone("CET", 3600))
			k.CreatedAt = time.Date(2026, 1, 2, 3, 4, 5, 6000, time.FixedZone("IST", 19800))
		})
		got, err := b.Task(b.ctx, k.ID)
		require.NoError(t, err)
		fill.Same(t, k, got)
		require.True(t, got.NextDue.IsZero())
		require.True(t, got.Stats.LastRunAt.IsZero())
		require.True(t, got.Schedule.End.IsZero())
	})
}
