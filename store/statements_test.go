package store_test

import (
	"context"
	"errors"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/store"
)

// otherCalls are calls of the methods of Store that are neither in writes nor in hotCalls, and further ways through those
// that are: by the name of the method and what is particular to the call. Together they are to send every statement that
// there is.
func otherCalls() map[string]func(b *bundle) func() error {
	only := func(call func(b *bundle) error) func(b *bundle) func() error {
		return func(b *bundle) func() error { return func() error { return call(b) } }
	}
	return map[string]func(b *bundle) func() error{
		"Spread": only(func(b *bundle) error {
			k := b.task(overlapping, func(k *core.Task) { k.Routing.Strategy = core.RouteBroadcast })
			r := b.plan(k, testdb.Now(), func(r *core.Run) { r.Queue = core.QueueUnrouted })
			return b.Spread(b.ctx, r.ID, []string{"node:a", "node:b"})
		}),
		"SetSecret": only(func(b *bundle) error { return b.SetSecret(b.ctx, "a", "b") }),
		"Abandon": only(func(b *bundle) error {
			k := b.task(overlapping, func(k *core.Task) { k.Routing.Strategy = core.RouteBroadcast })
			r := b.plan(k, testdb.Now(), func(r *core.Run) { r.Queue, r.Shards = "node:gone", 2 })
			return told(b.Abandon(b.ctx, "node:gone", "the worker is gone", []string{r.ID}, testdb.AnyWorker))
		}),
		"Ping":   only(func(b *bundle) error { return b.Ping(b.ctx) }),
		"Schema": only(func(b *bundle) error { return told(b.Schema(b.ctx)) }),

		"Task":       only(func(b *bundle) error { return told(b.Task(b.ctx, b.task().ID)) }),
		"TaskStates": only(func(b *bundle) error { return told(b.TaskStates(b.ctx, []string{"a"})) }),
		"Children":   only(func(b *bundle) error { return told(b.Children(b.ctx, []string{"a"})) }),
		"Definition": only(func(b *bundle) error { return told(b.Definition(b.ctx, b.task().ID, 1)) }),
		"Definitions": only(func(b *bundle) error {
			return told(b.Definitions(b.ctx, map[string]int64{b.task().ID: 1}))
		}),
		"Tasks": only(func(b *bundle) error {
			for _, f := range taskFilters(b.task().ID) {
				if _, err := b.Tasks(b.ctx, f); err != nil {
					return err
				}
			}
			return nil
		}),
		"TaskPage": only(func(b *bundle) error {
			b.task(func(k *core.Task) { k.Labels = []string{"a"} })
			for _, f := range taskFilters("") {
				if _, _, err := b.TaskPage(b.ctx, f, 10); err != nil {
					return err
				}
			}
			return nil
		}),
		"TasksOn": only(func(b *bundle) error {
			for _, f := range taskFilters(b.task().ID) {
				if _, _, err := b.TasksOn(b.ctx, f); err != nil {
					return err
				}
			}
			return nil
		}),
		"Tasks of many": only(func(b *bundle) error {
			for _, f := range taskFilters(b.task().ID) {
				if _, err := b.TasksOfMany(b.ctx, f); err != nil {
					return err
				}
			}
			return nil
		}),
		"CountTasks": only(func(b *bundle) error {
			for _, f := range taskFilters("") {
				if _, err := b.CountTasks(b.ctx, f); err != nil {
					return err
				}
			}
			return nil
		}),
		"RunTaskWith": only(func(b *bundle) error {
			body := "a"
			return told(b.RunTaskWith(b.ctx, b.task(), "request", 1, testdb.AnyWorker, core.Overrides{Body: &body}))
		}),
		"Overrides": only(func(b *bundle) error {
			return told(b.Overrides(b.ctx, &core.Run{TaskID: "a", OccurrenceID: "a", Trigger: core.TriggerManual}))
		}),
		"PruneOverrides": only(func(b *bundle) error {
			body := "a"
			_, err := b.RunTaskWith(b.ctx, b.task(), "request", 1, testdb.AnyWorker, core.Overrides{Body: &body})
			require.NoError(b.t, err)
			return told(b.PruneOverrides(b.ctx, testdb.Now().Add(100*365*24*time.Hour), 10))
		}),
		"TaskVersions": only(func(b *bundle) error {
			if _, err := b.TaskVersions(b.ctx, "a", 0, 10); err != nil {
				return err
			}
			return told(b.TaskVersions(b.ctx, "a", 5, 10))
		}),
		"Parents":     only(func(b *bundle) error { return told(b.Parents(b.ctx, []string{"a"})) }),
		"TaskHeads":   only(func(b *bundle) error { return told(b.TaskHeads(b.ctx, []string{"a"})) }),
		"RelabelTask": only(func(b *bundle) error { return told(b.RelabelTask(b.ctx, b.task().ID, []string{"a"}, nil)) }),
		"Labels":      only(func(b *bundle) error { return told(b.Labels(b.ctx, 10)) }),
		"RunTask":     only(func(b *bundle) error { return told(b.RunTask(b.ctx, b.task(), "request", 1, testdb.AnyWorker)) }),
		"LastDue":     only(func(b *bundle) error { return told(b.LastDue(b.ctx, "a")) }),

		"Delayed":       only(func(b *bundle) error { return told(b.Delayed(b.ctx, b.delayed().ID)) }),
		"DelayedByKeys": only(func(b *bundle) error { return told(b.DelayedByKeys(b.ctx, "default", []string{"a"})) }),
		"DelayedTasks": only(func(b *bundle) error {
			for _, f := range []store.DelayedFilter{
				{Limit: 1},
				{Namespace: "a", SourceApp: "a", Topic: "a", ContentKey: "a", State: core.DelayedReady, After: "a", Limit: 1},
				{SourceApp: "a", DueFrom: testdb.Now(), DueTo: testdb.Now(), Limit: 1},
			} {
				if _, _, err := b.DelayedTasks(b.ctx, f); err != nil {
					return err
				}
			}
			return nil
		}),
		"PostponeDelayed": func(b *bundle) func() error {
			d := b.delayed()
			return func() error {
				return told(b.PostponeDelayed(b.ctx, d.ID, testdb.Now().Add(time.Minute), "later", b.ahead()))
			}
		},
		"ExecuteDelayed of one that is planned": func(b *bundle) func() error {
			d := b.delayed()
			return func() error { return b.ExecuteDelayed(b.ctx, d.ID, testdb.AnyWorker) }
		},
		"PlanDelayed that is refused": func(b *bundle) func() error {
			b.delayed(later)
			return func() error {
				tap := store.NewTap(b.Store)
				tap.Refuse(func(st store.Statement) bool { return st.Write && isInsert(st, "runs") })
				_, _, err := b.PlanDelayed(b.ctx, testdb.Now().Add(2*time.Hour), 10, testdb.AnyWorker)
				return err
			}
		},
		"PlanDelayed that cannot even be recorded": func(b *bundle) func() error {
			b.delayed(later)
			return func() error {
				tap := store.NewTap(b.Store)
				tap.Refuse(func(st store.Statement) bool {
					return st.Write && (isInsert(st, "runs") || isInsert(st, "run_history"))
				})
				_, _, err := b.PlanDelayed(b.ctx, testdb.Now().Add(2*time.Hour), 10, testdb.AnyWorker)
				return err
			}
		},

		"Run": only(func(b *bundle) error {
			return told(b.Run(b.ctx, b.history(b.task(), testdb.Now(), 1, core.RunSucceeded)[0]))
		}),
		"Runs": only(func(b *bundle) error {
			for _, f := range []store.RunFilter{
				{Limit: 1}, {Namespace: "a", TaskID: "a", State: core.RunFailed, Before: "a", Limit: 1}, {DelayedID: "a", Limit: 1},
				{OccurrenceID: "a", Worker: "a", Limit: 1}, {Trigger: core.TriggerRetry, From: testdb.Now(), To: testdb.Now(), Limit: 1},
			} {
				if _, _, err := b.Runs(b.ctx, f); err != nil {
					return err
				}
			}
			return nil
		}),
		"RunTitles": only(func(b *bundle) error {
			return told(b.RunTitles(b.ctx, []*core.Run{{TaskID: "a"}, {DelayedID: "a"}}))
		}),
		"CountEnded": only(func(b *bundle) error {
			return told(b.CountEnded(b.ctx, store.ClearFilter{TaskID: "a", States: []core.RunState{core.RunFailed}, From: testdb.Now(), To: testdb.Now()}, 10))
		}),
		"ClearRuns": only(func(b *bundle) error {
			b.history(b.task(), testdb.Now().Add(-time.Hour), 1, core.RunFailed)
			return told(b.ClearRuns(b.ctx, store.ClearFilter{States: []core.RunState{core.RunFailed}, To: testdb.Now()}, 10, true))
		}),
		"ReplayRun": only(func(b *bundle) error {
			k := b.task()
			ended := b.run(b.history(k, testdb.Now(), 1, core.RunFailed)[0])
			return told(b.ReplayRun(b.ctx, ended, k, "request", 1, testdb.AnyWorker))
		}),
		"CancelRun of a run that has ended": func(b *bundle) func() error {
			id := b.history(b.task(), testdb.Now(), 1, core.RunSucceeded)[0]
			return func() error {
				_, err := b.CancelRun(b.ctx, id, "cancelled")
				return expect(err, core.CodeConflict)
			}
		},
		"Cancels of runs that have ended": func(b *bundle) func() error {
			b.delayed()
			r := b.one()
			_, err := b.CancelRun(b.ctx, r.ID, "cancelled")
			require.NoError(b.t, err)
			b.end(r, core.RunSucceeded)
			return func() error { return told(b.Cancels(b.ctx)) }
		},
		"HourlyCounts": only(func(b *bundle) error { return told(b.HourlyCounts(b.ctx, "default", testdb.Now())) }),
		"QueueDepth":   only(func(b *bundle) error { return told(b.QueueDepth(b.ctx)) }),
		"Claimed":      only(func(b *bundle) error { return told(b.Claimed(b.ctx, master)) }),
		"Given":        only(func(b *bundle) error { return told(b.Given(b.ctx, worker, time.Second)) }),
		"RecordBare": func(b *bundle) func() error {
			b.delayed()
			o := testdb.Outcome(b.one().Run, core.RunFailed)
			return func() error { return told(b.RecordBare(b.ctx, o, "refused")) }
		},
		"Release": func(b *bundle) func() error {
			b.delayed()
			r := b.reserve(master)[0].Run
			return func() error { return b.Release(b.ctx, master, []*core.Run{r}) }
		},
		"Reserve with little room": func(b *bundle) func() error {
			b.delayed()
			return func() error {
				_, _, err := b.Reserve(b.ctx, master, core.QueueDefault, b.soon(), 10, 1)
				return err
			}
		},
		"Reserve of a child": func(b *bundle) func() error {
			child := b.task()
			b.plan(child, testdb.Now(), func(r *core.Run) { r.ParentRunID = "a" })
			return func() error {
				_, _, err := b.Reserve(b.ctx, master, core.QueueDefault, b.soon(), 10, room)
				return err
			}
		},
		"Dispatch that is refused": func(b *bundle) func() error {
			b.plan(b.task(), testdb.Now())
			r := b.reserve(master)[0]
			return func() error {
				tap := store.NewTap(b.Store)
				tap.Refuse(func(st store.Statement) bool { return isInsert(st, "guards") })
				return told(b.Dispatch(b.ctx, master, []store.Handout{{Reserved: r, Worker: worker, Incarnation: worker}}))
			}
		},
		"Dispatch of a retry while the guard is taken": func(b *bundle) func() error {
			k := b.task()
			b.plan(k, testdb.Now())
			b.dispatch()
			b.plan(k, testdb.Now().Add(-time.Second), func(r *core.Run) { r.Trigger = core.TriggerRetry })
			r := b.reserve(master)[0]
			return func() error {
				return told(b.Dispatch(b.ctx, master, []store.Handout{{Reserved: r, Worker: worker, Incarnation: worker}}))
			}
		},
		"Recover that is refused": func(b *bundle) func() error {
			b.delayed()
			b.dispatch()
			require.NoError(b.t, b.Expire(b.ctx, worker))
			return func() error {
				tap := store.NewTap(b.Store)
				tap.Refuse(func(st store.Statement) bool { return isInsert(st, "runs") })
				_, _, err := b.Recover(b.ctx, worker, testdb.AnyWorker)
				return err
			}
		},
		"Return of a run whose task was stopped": func(b *bundle) func() error {
			k := b.task()
			b.plan(k, testdb.Now())
			r := b.one()
			b.move(k.ID, core.TaskStopped)
			return func() error { return b.Return(b.ctx, held(r), testdb.AnyWorker) }
		},
		"EndPlanned of firings that go on": func(b *bundle) func() error {
			k := b.task()
			now := testdb.Now()
			b.miss("late", b.plan(k, now.Add(-time.Hour)))
			b.history(k, now.Add(-30*time.Minute), 1, core.RunSucceeded)
			b.miss("late", b.plan(k, now.Add(-20*time.Minute)))
			more := b.plan(k, now.Add(-10*time.Minute))
			return func() error { b.miss("late", more); return nil }
		},
		"Stranded": func(b *bundle) func() error {
			for range 3 {
				b.delayed(func(d *core.DelayedTask) { d.Executors = []string{"gone"} })
			}
			return func() error {
				place := store.Place{}
				for {
					_, next, err := b.Stranded(b.ctx, []string{core.QueueOfNode(worker)}, b.soon(), place, 1)
					if err != nil || next == (store.Place{}) {
						return err
					}
					place = next
				}
			}
		},
		"Reroute": only(func(b *bundle) error { return b.Reroute(b.ctx, "a", "b", []string{"c"}) }),

		"DeleteNotices":   only(func(b *bundle) error { return b.DeleteNotices(b.ctx, []string{"a"}) }),
		"PostponeNotices": only(func(b *bundle) error { return b.PostponeNotices(b.ctx, []string{"a"}, testdb.Now(), true) }),
		"PruneDelayed": func(b *bundle) func() error {
			b.delayed()
			b.end(b.one(), core.RunSucceeded)
			return func() error { return told(b.PruneDelayed(b.ctx, testdb.Now().Add(time.Hour), 10)) }
		},
		"PruneLogs of runs that nobody knows": func(b *bundle) func() error {
			id := b.history(b.task(), testdb.Now().Add(-time.Hour), 1, core.RunSucceeded)[0]
			require.NoError(b.t, b.Exec(b.ctx, "DELETE FROM run_history WHERE id = ?", id))
			return func() error { return told(b.PruneLogs(b.ctx, testdb.Now(), 10)) }
		},
		"CrowdedTasks": only(func(b *bundle) error { return told(b.CrowdedTasks(b.ctx, 10)) }),

		"Expire":     only(func(b *bundle) error { return b.Expire(b.ctx, worker) }),
		"ExpireHere": only(func(b *bundle) error { return b.ExpireHere(b.ctx) }),
		"Acquire":    only(func(b *bundle) error { return told(b.Acquire(b.ctx, "duty", master, time.Minute)) }),
		"Nodes":      only(func(b *bundle) error { return told(b.Nodes(b.ctx)) }),
		"Node":       only(func(b *bundle) error { return told(b.Node(b.ctx, core.NodeWorker, worker)) }),
		"Join": only(func(b *bundle) error {
			return told(b.Join(b.ctx, &core.Node{Kind: core.NodeWorker, Name: worker, Incarnation: "other", StartedAt: testdb.Now().Add(time.Hour)}, "", time.Minute))
		}),
		"KnowWorkers": only(func(b *bundle) error { return b.KnowWorkers(b.ctx, []core.Node{{Name: "new"}}) }),
		"EditNode": only(func(b *bundle) error {
			state, weight := core.NodeDisabled, 2
			return told(b.EditNode(b.ctx, core.NodeWorker, worker, core.NodeEdit{State: &state, Weight: &weight, Labels: &[]string{"a"}}))
		}),
		"DeleteNode": only(func(b *bundle) error {
			return b.DeleteNode(b.ctx, core.NodeWorker, worker, func(*core.Node, time.Time, int64) error { return nil })
		}),

		"Plugins": only(func(b *bundle) error { return told(b.Plugins(b.ctx, "default")) }),
		"PluginVersion": only(func(b *bundle) error {
			v := b.upload("a", "1.0.0")
			return told(b.PluginVersion(b.ctx, v.Namespace, "a", "1.0.0"))
		}),
		"PluginVersions": only(func(b *bundle) error {
			return told(b.PluginVersions(b.ctx, "default", "a"))
		}),
		"BeginPlugin":  only(func(b *bundle) error { return b.BeginPlugin(b.ctx, version("a", "1.0.0")) }),
		"FinishPlugin": only(func(b *bundle) error { b.upload("a", "1.0.0"); return nil }),
		"EditTask to one that uses a plugin": func(b *bundle) func() error {
			k := b.task(stopped)
			plugged("a", "1.0.0")(k)
			return func() error { return b.EditTask(b.ctx, k) }
		},
		"MoveTask of one that follows the latest": func(b *bundle) func() error {
			b.upload("a", "1.0.0")
			k := b.task(stopped, plugged("a", ""))
			return func() error {
				b.move(k.ID, core.TaskRunning, func(m *store.TaskMove) { m.Needs = &store.PluginNeed{Namespace: k.Namespace, Package: "a"} })
				return nil
			}
		},

		"Settings": only(func(b *bundle) error { return told(b.Settings(b.ctx)) }),
		"Secret":   only(func(b *bundle) error { return told(b.Secret(b.ctx, "name", "value")) }),
		"Secrets":  only(func(b *bundle) error { return told(b.Secrets(b.ctx, "name", "other")) }),
		"EditTask that somebody asked for": func(b *bundle) func() error {
			k := b.task(stopped)
			return func() error { return b.EditTask(b.authored(), k) }
		},
		"MoveTask that somebody asked for": func(b *bundle) func() error {
			k := b.task()
			return func() error {
				return b.MoveTask(b.authored(), store.TaskMove{TaskID: k.ID, From: []core.TaskState{k.State}, Version: 1, To: core.TaskPaused, Now: testdb.Now()})
			}
		},
		"VoidDelayed that somebody asked for": func(b *bundle) func() error {
			d := b.delayed()
			return func() error { return told(b.VoidDelayed(b.authored(), d.ID, "voided")) }
		},
		"ChangeUser that somebody asked for": func(b *bundle) func() error {
			u := b.user("user", core.RoleViewer)
			return func() error { return b.ChangeUser(b.authored(), u.ID, wholeChange()) }
		},
		"SaveSettings that somebody asked for": func(b *bundle) func() error {
			return func() error { return b.SaveSettings(b.authored(), map[string]string{"Retention_Days": "1"}) }
		},
		"ReplaceSecret": only(func(b *bundle) error { return told(b.ReplaceSecret(b.ctx, "name", "old", "new", "beside", "value")) }),

		"CreateUser": only(func(b *bundle) error { return b.CreateUser(b.ctx, &core.User{Name: "user"}) }),
		"ChangeUser": only(func(b *bundle) error {
			u := &core.User{Name: "user"}
			return errors.Join(b.CreateUser(b.ctx, u), b.ChangeUser(b.ctx, u.ID, wholeChange()))
		}),
		"UserByName": only(func(b *bundle) error {
			return errors.Join(b.CreateUser(b.ctx, &core.User{Name: "user"}), told(b.UserByName(b.ctx, "user")))
		}),
		"UserByID":  only(func(b *bundle) error { return told(b.UserByID(b.ctx, b.user("user", core.RoleViewer).ID)) }),
		"Users":     only(func(b *bundle) error { return told(b.Users(b.ctx)) }),
		"AdoptUser": only(func(b *bundle) error { return b.AdoptUser(b.ctx, &core.User{ID: 7, Name: "user"}) }),

		"CreateAPIToken": only(func(b *bundle) error {
			return b.CreateAPIToken(b.ctx, &core.APIToken{UserID: 1, Name: "ci", Hash: "hash"})
		}),
		"APITokens": only(func(b *bundle) error { return told(b.APITokens(b.ctx, 1)) }),
		"APITokenByHash": only(func(b *bundle) error {
			b.token(b.user("user", core.RoleViewer), "ci")
			_, _, err := b.APITokenByHash(b.ctx, "ci")
			return err
		}),
		"DeleteAPIToken": only(func(b *bundle) error {
			k := b.token(b.user("user", core.RoleViewer), "ci")
			return b.DeleteAPIToken(b.ctx, k.UserID, k.ID)
		}),
		"Audit": only(func(b *bundle) error {
			for _, f := range []store.AuditFilter{{Limit: 1}, wholeAuditFilter()} {
				if _, err := b.Audit(b.ctx, f); err != nil {
					return err
				}
			}
			return nil
		}),
		"AddLog": only(func(b *bundle) error { return b.AddLog(b.ctx, logLines(2)) }),
		"SystemLog": only(func(b *bundle) error {
			return told(b.SystemLog(b.ctx, store.LogFilter{From: testdb.Now(), To: testdb.Now(), Before: "a", Limit: 1}))
		}),
		"PruneSystemLog": func(b *bundle) func() error {
			require.NoError(b.t, b.AddLog(b.ctx, logLines(2)))
			return func() error { return told(b.PruneSystemLog(b.ctx, testdb.Now().Add(time.Hour), 10)) }
		},
		"PruneAudit": func(b *bundle) func() error {
			require.NoError(b.t, b.CreateTask(b.authored(), testdb.Task(), nil))
			return func() error { return told(b.PruneAudit(b.ctx, testdb.Now().Add(time.Hour), 10)) }
		},
		"NoteAPITokenUses": only(func(b *bundle) error {
			return b.NoteAPITokenUses(b.ctx, map[int64]time.Time{1: testdb.Now()})
		}),

		"RecentOutcomes":  only(func(b *bundle) error { return told(b.RecentOutcomes(b.ctx, []string{"a"}, 5)) }),
		"CountTaskStates": only(func(b *bundle) error { return told(b.CountTaskStates(b.ctx)) }),
		"NextFirings": only(func(b *bundle) error {
			b.plan(b.task(), testdb.Now())
			b.delayed(later)
			return told(b.NextFirings(b.ctx, 5))
		}),
		"LatestLoads": only(func(b *bundle) error { return told(b.LatestLoads(b.ctx, testdb.Now(), 10)) }),
		"FailingTasks": only(func(b *bundle) error {
			k := b.task()
			b.plan(k, testdb.Now())
			b.end(b.one(), core.RunFailed)
			_, _, err := b.FailingTasks(b.ctx, 5)
			return err
		}),
		"Overdue":      only(func(b *bundle) error { return told(b.Overdue(b.ctx, testdb.Now())) }),
		"QueueLengths": only(func(b *bundle) error { return told(b.QueueLengths(b.ctx)) }),
		"HeldRuns":     only(func(b *bundle) error { return told(b.HeldRuns(b.ctx, worker, 5)) }),

		"CreateSession": only(func(b *bundle) error { return b.CreateSession(b.ctx, &core.Session{ID: "a"}) }),
		"Session": only(func(b *bundle) error {
			_, _, err := b.Session(b.ctx, "a")
			return expect(err, core.CodeNotFound)
		}),
		"Sessions":        only(func(b *bundle) error { return told(b.Sessions(b.ctx, 1)) }),
		"TouchSession":    only(func(b *bundle) error { return b.TouchSession(b.ctx, "a", testdb.Now()) }),
		"EndSession":      only(func(b *bundle) error { return expect(b.EndSession(b.ctx, 1, "a"), core.CodeNotFound) }),
		"PruneCounts":     only(func(b *bundle) error { return told(b.PruneCounts(b.ctx, testdb.Now())) }),
		"PruneSessions":   only(func(b *bundle) error { return told(b.PruneSessions(b.ctx, testdb.Now(), testdb.Now())) }),
		"SavePreferences": only(func(b *bundle) error { return b.SavePreferences(b.ctx, 1, core.Preferences{}) }),
	}
}

// gormCalls are calls of the methods that have gorm write statements, by the method's name, on a database that is empty.
func gormCalls() map[string]func(ctx context.Context, s *store.Store) error {
	return map[string]func(ctx context.Context, s *store.Store) error{
		"Schema":   func(ctx context.Context, s *store.Store) error { return told(s.Schema(ctx)) },
		"Settings": func(ctx context.Context, s *store.Store) error { return told(s.Settings(ctx)) },
		"SaveSettings": func(ctx context.Context, s *store.Store) error {
			return s.SaveSettings(ctx, map[string]string{"a": "b"})
		},
		"Secret":  func(ctx context.Context, s *store.Store) error { return told(s.Secret(ctx, "name", "value")) },
		"Secrets": func(ctx context.Context, s *store.Store) error { return told(s.Secrets(ctx, "name", "other")) },
		"ReplaceSecret": func(ctx context.Context, s *store.Store) error {
			return told(s.ReplaceSecret(ctx, "name", "old", "new", "beside", "value"))
		},
		"CreateUser": func(ctx context.Context, s *store.Store) error { return s.CreateUser(ctx, &core.User{Name: "user"}) },
		"ChangeUser": func(ctx context.Context, s *store.Store) error { return s.ChangeUser(ctx, 1, wholeChange()) },
		"UserByName": func(ctx context.Context, s *store.Store) error {
			_, err := s.UserByName(ctx, "user")
			return expect(err, core.CodeNotFound)
		},
		"UserByID": func(ctx context.Context, s *store.Store) error {
			_, err := s.UserByID(ctx, 1)
			return expect(err, core.CodeNotFound)
		},
		"Users": func(ctx context.Context, s *store.Store) error { return told(s.Users(ctx)) },
		"CreateAPIToken": func(ctx context.Context, s *store.Store) error {
			return s.CreateAPIToken(ctx, &core.APIToken{UserID: 1, Name: "ci", Hash: "hash"})
		},
		"APITokens": func(ctx context.Context, s *store.Store) error { return told(s.APITokens(ctx, 1)) },
		"APITokenByHash": func(ctx context.Context, s *store.Store) error {
			_, _, err := s.APITokenByHash(ctx, "hash")
			return expect(err, core.CodeNotFound)
		},
		"DeleteAPIToken": func(ctx context.Context, s *store.Store) error {
			return expect(s.DeleteAPIToken(ctx, 1, 1), core.CodeNotFound)
		},
		"AdoptUser": func(ctx context.Context, s *store.Store) error {
			return s.AdoptUser(ctx, &core.User{ID: 7, Name: "user"})
		},
	}
}

// wholeAuditFilter narrows by everything.
func wholeAuditFilter() store.AuditFilter {
	return store.AuditFilter{UserName: "a", Kind: core.AuditTask, ObjectID: "a", Action: "a", From: testdb.Now(), To: testdb.Now(), Before: "a", Limit: 1}
}

// wholeChange changes all that can be changed of a user.
func wholeChange() store.UserChange {
	hash, role, disabled := "hash", core.RoleAdmin, true
	return store.UserChange{
		Password: &store.PasswordChange{PasswordHash: hash, SecretHash: hash, MustChange: true}, Role: &role, Email: &hash, DisplayName: &hash,
		Disabled: &disabled,
	}
}

// taskFilters are a filter that narrows nothing and one that narrows by everything.
func taskFilters(after string) []store.TaskFilter {
	filters := []store.TaskFilter{
		{Limit: 1},
		{
			Namespace: "a", Title: "a", Search: "a", State: core.TaskRunning, Kind: core.KindHTTP, Outcome: core.RunFailed, Label: "a", Worker: "a", Keeper: 1,
			After: after, Offset: 1, Limit: 1,
		},
	}
	for _, one := range []store.TaskFilter{ // each has tables of its own
		{Search: "a"}, {State: core.TaskPaused}, {Outcome: core.RunFailed}, {Label: "a"}, {State: core.TaskPaused, Search: "a"}, {Outcome: core.RunFailed, Search: "a"},
	} {
		one.Limit = 1
		filters = append(filters, one)
	}
	for _, order := range store.TaskOrders() {
		filters = append(filters, store.TaskFilter{Limit: 1, Order: order, Offset: 10}, store.TaskFilter{Limit: 1, Order: order, Desc: true},
			store.TaskFilter{Limit: 1, Order: order, Behind: &store.TaskPlace{ID: after, Text: "a", Number: 1}}, store.TaskFilter{Limit: 1, Order: order, Desc: true, Behind: &store.TaskPlace{ID: after, None: true}})
	}
	return filters
}

// isInsert says whether a statement inserts into a table.
func isInsert(st store.Statement, table string) bool {
	return len(st.Query) > len(table)+12 && st.Query[:len(table)+13] == "INSERT INTO "+table+" "
}

// told leaves out what a call gives beside its error.
func told[T any](_ T, err error) error { return err }

// expect is nil for an error of a code.
func expect(err error, code core.Code) error {
	if core.CodeOf(err) == code {
		return nil
	}
	return errors.Join(errors.New("another error than "+string(code)), err)
}
