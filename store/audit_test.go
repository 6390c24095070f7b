package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/internal/testdb/fill"
	"github.com/carillonhq/carillon/store"
)

// author is who makes the changes of the tests.
func author() core.Author {
	return core.Author{UserID: 7, UserName: "ada", APIToken: "ci", Address: "192.0.2.1", Via: core.ViaAPI}
}

// authored is the context of a request.
func (b *bundle) authored() context.Context { return core.WithAuthor(b.ctx, author()) }

// audit gives the entries that a filter leaves, from the latest.
func (b *bundle) audit(f store.AuditFilter) []core.AuditEntry {
	b.t.Helper()
	if f.Limit == 0 {
		f.Limit = 1000
	}
	entries, err := b.Audit(b.ctx, f)
	require.NoError(b.t, err)
	return entries
}

// audited are the changes that the audit keeps: of each a preparation that gives the change, and the entry that it is to leave.
type audited struct {
	name    string
	prepare func(b *bundle) func(ctx context.Context) error
	want    string
}

func auditedChanges() []audited {
	moved := func(from, to core.TaskState) func(b *bundle) func(context.Context) error {
		return func(b *bundle) func(context.Context) error {
			k := b.task(func(k *core.Task) { k.State = from })
			return func(ctx context.Context) error {
				return b.MoveTask(ctx, store.TaskMove{
					TaskID: k.ID, From: []core.TaskState{from}, Version: 1, To: to, Raise: to == core.TaskRunning, Cancel: "moved", Now: testdb.Now(),
				})
			}
		}
	}
	return []audited{
		{"CreateTask", func(b *bundle) func(context.Context) error {
			return func(ctx context.Context) error { return b.CreateTask(ctx, testdb.Task(), nil) }
		}, "create task invoices: namespace →default; kind →http; title →invoices; state →running; version →1; schedule.kind →cron"},
		{"EditTask", func(b *bundle) func(context.Context) error {
			k := b.task(stopped, func(k *core.Task) { k.Callback.Secret = "hush" })
			return func(ctx context.Context) error {
				edited := *k
				edited.Title, edited.Callback = "bills", &core.Callback{Method: "POST", URL: "http://127.0.0.1/invoices", Secret: "shush"}
				return b.EditTask(ctx, &edited)
			}
		}, "edit task bills: title invoices→bills; version 1→2; callback.secret ***→***"},
		{"start", moved(core.TaskStopped, core.TaskRunning), "start task invoices: state stopped→running; version 1→2"},
		{"resume", moved(core.TaskPaused, core.TaskRunning), "resume task invoices: state paused→running; version 1→2"},
		{"pause", moved(core.TaskRunning, core.TaskPaused), "pause task invoices: state running→paused"},
		{"stop", moved(core.TaskRunning, core.TaskStopped), "stop task invoices: state running→stopped"},
		{"delete", moved(core.TaskStopped, core.TaskDeleted), "delete task invoices: state stopped→deleted"},
		{"RunTask", func(b *bundle) func(context.Context) error {
			k := b.task()
			return func(ctx context.Context) error { return told(b.RunTask(ctx, k, "r", 1, testdb.AnyWorker)) }
		}, "run task invoices: run →"},
		{"CancelRun", func(b *bundle) func(context.Context) error {
			r := b.plan(b.task(), testdb.Now())
			return func(ctx context.Context) error { return told(b.CancelRun(ctx, r.ID, "not now")) }
		}, "cancel run : reason →not now"},
		{"ResetDelayed", func(b *bundle) func(context.Context) error {
			d := b.delayed(func(d *core.DelayedTask) { d.Due = time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC) })
			b.end(b.one(), core.RunSucceeded)
			return func(ctx context.Context) error {
				return b.ResetDelayed(ctx, d.ID, time.Date(2026, 1, 3, 0, 0, 0, 0, time.UTC), testdb.AnyWorker)
			}
		}, "reset delayed_task shop / order.unpaid / 4711: state succeeded→ready; due 2026-01-02T00:00:00Z→2026-01-03T00:00:00Z"},
		{"ExecuteDelayed", func(b *bundle) func(context.Context) error {
			d := b.delayed(later)
			return func(ctx context.Context) error { return b.ExecuteDelayed(ctx, d.ID, testdb.AnyWorker) }
		}, "execute delayed_task shop / order.unpaid / 4711: state created→ready"},
		{"VoidDelayed", func(b *bundle) func(context.Context) error {
			d := b.delayed()
			return func(ctx context.Context) error { return told(b.VoidDelayed(ctx, d.ID, "void")) }
		}, "void delayed_task shop / order.unpaid / 4711: state ready→voided"},
		{"EditNode", func(b *bundle) func(context.Context) error {
			return func(ctx context.Context) error {
				return told(b.EditNode(ctx, core.NodeWorker, worker, core.NodeEdit{Weight: new(5), Labels: &[]string{"gpu", "big"}}))
			}
		}, "edit node w1: weight 0→5; labels →gpu, big"},
		{"DeleteNode", func(b *bundle) func(context.Context) error {
			return func(ctx context.Context) error {
				return b.DeleteNode(ctx, core.NodeWorker, worker, func(*core.Node, time.Time, int64) error { return nil })
			}
		}, "delete node w1: "},
		{"SaveSettings", func(b *bundle) func(context.Context) error {
			require.NoError(b.t, b.SaveSettings(b.ctx, map[string]string{"Email_FromAccountPwd": "hush", "Retention_Days": "30"}))
			return func(ctx context.Context) error {
				return b.SaveSettings(ctx, map[string]string{"Email_FromAccountPwd": "shush", "DelayTask_RetryTimes": "5", "Retention_Days": "30"})
			}
		}, "edit settings : DelayTask_RetryTimes 3→5; Email_FromAccountPwd ***→***"},
		{"ReplaceSecret", func(b *bundle) func(context.Context) error {
			require.NoError(b.t, b.SetSecret(b.ctx, "join-token", "old"))
			return func(ctx context.Context) error {
				return told(b.ReplaceSecret(ctx, "join-token", "old", "new", "former", "[]"))
			}
		}, "rotate join_token join-token: join-token ***→***"},
		{"CreateUser", func(b *bundle) func(context.Context) error {
			return func(ctx context.Context) error {
				return b.CreateUser(ctx, &core.User{Name: "bob", Role: core.RoleViewer, PasswordHash: "hash"})
			}
		}, "create user bob: name →bob; passwordHash →***; role →viewer"},
		{"AdoptUser", func(b *bundle) func(context.Context) error {
			return func(ctx context.Context) error {
				return b.AdoptUser(ctx, &core.User{ID: 9, Name: "bob", Role: core.RoleViewer})
			}
		}, "create user bob: name →bob; role →viewer"},
		{"ChangeUser", func(b *bundle) func(context.Context) error {
			u := b.user("bob", core.RoleViewer)
			return func(ctx context.Context) error {
				return b.ChangeUser(ctx, u.ID, store.UserChange{
					Password: &store.PasswordChange{PasswordHash: "a", SecretHash: "b"}, Role: new(core.RoleOperator), Disabled: new(true),
				})
			}
		}, "edit user bob: passwordHash →***; secretHash →***; role viewer→operator; locked false→true"},
		{"CreateAPIToken", func(b *bundle) func(context.Context) error {
			u := b.user("bob", core.RoleViewer)
			return func(ctx context.Context) error {
				return b.CreateAPIToken(ctx, &core.APIToken{UserID: u.ID, Name: "export", Role: core.RoleViewer, Hash: "h"})
			}
		}, "create api_token export: userId →"},
		{"FinishPlugin", func(b *bundle) func(context.Context) error {
			v := version("billing", "1.0.0")
			require.NoError(b.t, b.BeginPlugin(b.ctx, v))
			return func(ctx context.Context) error { return told(b.FinishPlugin(ctx, v)) }
		}, "create plugin billing 1.0.0: namespace →default; package →billing; version →1.0.0; digest →"},
		{"DeletePlugin", func(b *bundle) func(context.Context) error {
			b.upload("billing", "1.0.0")
			return func(ctx context.Context) error {
				return b.DeletePlugin(ctx, core.DefaultNamespace, "billing", "1.0.0", func(*core.PluginVersion, store.PluginUse) error { return nil })
			}
		}, "delete plugin billing 1.0.0: namespace default→; package billing→"},
		{"DeleteAPIToken", func(b *bundle) func(context.Context) error {
			k := b.token(b.user("bob", core.RoleViewer), "export")
			return func(ctx context.Context) error { return b.DeleteAPIToken(ctx, k.UserID, k.ID) }
		}, "delete api_token export: userId "},
	}
}

// line gives an entry of the audit in a line.
func line(e core.AuditEntry) string {
	var changes []string
	for _, c := range e.Changes {
		changes = append(changes, c.Field+" "+c.Before+"→"+c.After)
	}
	return fmt.Sprintf("%s %s %s: %s", e.Action, e.Kind, e.ObjectName, strings.Join(changes, "; "))
}

// Each change that somebody asked for leaves one entry, in its transaction: whichever statement of both fails, neither is
// there. A change that nobody asked for leaves none.
func TestChangesAreAudited(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		for _, c := range auditedChanges() {
			b.sub(t, c.name, func(t *testing.T, b *bundle) {
				do := c.prepare(b)
				tap := store.NewTap(b.Store)
				for n := 1; ; n++ {
					require.Empty(t, b.audit(store.AuditFilter{}))
					before, err := b.Dump(b.ctx)
					require.NoError(t, err)
					b.ForgetDefinitions()
					tap.FailAt(n)
					err = do(b.authored())
					tap.FailAt(0)
					if err == nil {
						break
					}
					require.ErrorIs(t, err, store.ErrTapped)
					after, err := b.Dump(b.ctx)
					require.NoError(t, err)
					require.Equal(t, before, after, "after statement %d failed", n)
				}
				entries := b.audit(store.AuditFilter{})
				require.Len(t, entries, 1)
				require.True(t, strings.HasPrefix(line(entries[0]), c.want), line(entries[0]))
				require.Equal(t, author(), entries[0].Author)
				require.WithinDuration(t, b.Now(), entries[0].At, time.Minute)
			})
			b.sub(t, c.name+" by itself", func(t *testing.T, b *bundle) {
				require.NoError(t, c.prepare(b)(b.ctx))
				require.Empty(t, b.audit(store.AuditFilter{}))
			})
		}
	})
}

// What is refused was not done.
func TestRefusedChangesAreNotAudited(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		d := b.delayed(later)
		requireCode(t, b.ResetDelayed(b.authored(), d.ID, testdb.Now(), testdb.AnyWorker), core.CodeConflict)
		_, err := b.VoidDelayed(b.ctx, d.ID, "void")
		require.NoError(t, err)
		_, err = b.VoidDelayed(b.authored(), d.ID, "void")
		requireCode(t, err, core.CodeConflict)
		requireCode(t, b.ExecuteDelayed(b.authored(), d.ID, testdb.AnyWorker), core.CodeConflict)
		_, err = b.VoidDelayed(b.authored(), "nothing", "void")
		requireCode(t, err, core.CodeNotFound)
		requireCode(t, b.ChangeUser(b.authored(), 99, store.UserChange{Disabled: new(true)}), core.CodeNotFound)
		_, err = b.ReplaceSecret(b.authored(), "join-token", "other", "new", "former", "[]")
		require.NoError(t, err)
		deny := errors.New("no")
		require.ErrorIs(t, b.DeleteNode(b.authored(), core.NodeWorker, worker, func(*core.Node, time.Time, int64) error { return deny }), deny)
		require.Empty(t, b.audit(store.AuditFilter{}))
	})
}

func TestAuditIsFilteredAndPaged(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		var tasks []*core.Task
		for i := range 5 {
			k := testdb.Task(func(k *core.Task) { k.Title = fmt.Sprint(i) })
			tasks = append(tasks, k)
			ctx := core.WithAuthor(b.ctx, core.Author{UserName: []string{"ada", "Ada"}[i%2], Via: core.ViaForm})
			require.NoError(t, b.CreateTask(ctx, k, nil))
		}
		_, err := b.RunTask(b.authored(), tasks[0], "r", 1, testdb.AnyWorker)
		require.NoError(t, err)
		_, err = b.EditNode(b.authored(), core.NodeWorker, worker, core.NodeEdit{Weight: new(2)})
		require.NoError(t, err)

		all := b.audit(store.AuditFilter{})
		require.Len(t, all, 7)
		for _, c := range []struct {
			filter store.AuditFilter
			want   int
		}{
			{store.AuditFilter{UserName: "Ada"}, 2},
			{store.AuditFilter{UserName: "ada"}, 5},
			{store.AuditFilter{UserName: "eve"}, 0},
			{store.AuditFilter{Kind: core.AuditTask}, 6},
			{store.AuditFilter{Kind: core.AuditTask, ObjectID: tasks[0].ID}, 2},
			{store.AuditFilter{Kind: core.AuditNode, ObjectID: "worker/" + worker}, 1},
			{store.AuditFilter{Kind: core.AuditTask, Action: "run"}, 1},
			{store.AuditFilter{From: all[0].At.Add(time.Second)}, 0},
			{store.AuditFilter{To: all[len(all)-1].At.Add(-time.Second)}, 0},
			{store.AuditFilter{From: all[len(all)-1].At, To: all[0].At.Add(time.Second)}, 7},
		} {
			require.Len(t, b.audit(c.filter), c.want, "%+v", c.filter)
		}
		var paged []core.AuditEntry
		for f := (store.AuditFilter{Limit: 3}); ; f.Before = paged[len(paged)-1].ID {
			page := b.audit(f)
			paged = append(paged, page...)
			if len(page) < 3 {
				break
			}
		}
		require.Equal(t, all, paged)

		n, err := b.PruneAudit(b.ctx, all[len(all)-1].At.Add(-time.Second), 100)
		require.NoError(t, err)
		require.Zero(t, n)
		n, err = b.PruneAudit(b.ctx, b.Now().Add(time.Hour), 4)
		require.NoError(t, err)
		require.Equal(t, 4, n)
		require.Len(t, b.audit(store.AuditFilter{}), 3)
	})
}

func TestAuditRoundTrip(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		var who core.Author
		fill.Value(t, &who)
		k := testdb.Task(func(k *core.Task) { k.Title = "账单 \"quoted\" 100%" })
		require.NoError(t, b.CreateTask(core.WithAuthor(b.ctx, who), k, nil))
		got := b.audit(store.AuditFilter{})
		require.Len(t, got, 1)
		require.Equal(t, who, got[0].Author)
		require.Equal(t, core.AuditTask, got[0].Kind)
		require.Equal(t, k.ID, got[0].ObjectID)
		require.Equal(t, k.Title, got[0].ObjectName)
		require.Equal(t, core.Changes(nil, k), got[0].Changes)
	})
}
