package schedulemaster

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

// whole fills a ScheduleMaster database with one of each.
func whole(db *theirs) {
	db.user(1, "admin", md5Of123456)
	db.user(3, "crm", md5Of123456, values{"email": "crm@example.org"})
	db.user(4, "gone", md5Of123456, values{"status": -1})
	db.user(5, "locked", md5Of123456, values{"status": 0})
	db.node("master1", "master")
	db.node("w1", "worker")
	db.config("Http_RequestTimeout", "25")
	db.config("DelayTask_RetryTimes", "3")
	db.config("Email_FromAccountPwd", "hush")
	db.config("Email_SmtpServer", "")
	db.config("System_WorkerUnHealthTimes", "1")
	db.config("Oracle_Version", "3")
	db.task(1, values{
		"title": "夜间报表 🎉", "remark": "every night", "enddate": "2099-12-31 23:59:59", "createuserid": 3, "createusername": "crm",
		"customparamsjson": `[{"ParamKey":"k","ParamValue":"v","ParamRemark":"r"}]`,
		"headers":          `[{"ParamKey":"sm-timeout","ParamValue":"30","ParamRemark":""},{"ParamKey":"X-A","ParamValue":"b","ParamRemark":"c"}]`,
	})
	db.task(2, values{"runloop": false, "cronexpression": nil, "startdate": "2098-01-01 08:30:00", "status": 0, "lastruntime": nil,
		"method": "get", "contenttype": "application/x-www-form-urlencoded", "body": `[{"ParamKey":"q","ParamValue":"a b","ParamRemark":""}]`})
	db.task(3, values{"metatype": 1, "assemblyname": "Acme.Jobs", "classname": "Acme.Jobs.Nightly", "status": 2, "startdate": nil})
	db.task(4, values{"status": -1})
	db.child(1, 2)
	db.child(1, 3)
	db.keeper(1, 3)
	db.keeper(1, 9)
	db.executor(1, "w1")
	db.executor(1, "w9")
	db.delayed(1)
	db.delayed(2, values{"status": 3})
}

func TestImportBringsEverything(t *testing.T) {
	eachServer(t, func(t *testing.T, db *theirs) {
		whole(db)
		o := newOurs(t)
		lines, report := o.bring(db)
		require.Equal(t, []string{
			"brought  user         admin: with the API secret it has there; signs in with its old password, which is to be changed",
			"brought  user         crm: with the API secret it has there; signs in with its old password, which is to be changed",
			"left     user         gone: was deleted there",
			"brought  user         locked: with the API secret it has there; signs in with its old password, which is to be changed; disabled, as there",
		}, of(lines, User))
		require.Equal(t, []string{
			"brought  worker       w1: as a name that tasks refer to; a worker started with --name w1 takes them",
			"brought  worker       w9: as a name that tasks refer to; a worker started with --name w9 takes them",
		}, of(lines, Worker))
		require.ElementsMatch(t, []string{
			`brought  setting      Http_RequestTimeout: "25"`, `brought  setting      Email_FromAccountPwd: "********"`,
			"left     setting      System_WorkerUnHealthTimes: must be a whole number from 2 to 20", "left     setting      Oracle_Version: is no setting here",
		}, of(lines, Setting))
		require.Equal(t, []string{
			`brought  task         "夜间报表 🎉" (#1): keeper 9 is no user; stopped; it runs there`,
			`brought  task         "task 2" (#2)`,
			`brought  task         "task 3" (#3): stopped; it is paused there`,
			`left     task         "task 4" (#4): was deleted there`,
		}, of(lines, Task))
		require.Empty(t, of(lines, DelayedTask))
		require.Equal(t, int64(1), report.Count(DelayedTask, Left))
		require.Equal(t, []string{
			"Tasks that run in ScheduleMaster and are stopped here: 1. Once ScheduleMaster is stopped, import with --start.",
			"Delayed tasks that ScheduleMaster is yet to call back: 1. Once it is stopped, import with --start.",
			"Tasks are for workers that are not here: w1, w9. Start workers under these names (--name), or import with --any-worker.",
		}, report.Hints)

		o.checkWhole()
	})
}

// checkWhole checks what whole has become here.
func (o *ours) checkWhole() {
	t := o.t
	first := o.task(1)
	local := func(y, m, d, h, minute, s, us int) time.Time {
		return time.Date(y, time.Month(m), d, h, minute, s, us*1000, shanghai()).UTC()
	}
	require.Equal(t, core.TaskStopped, first.State)
	require.Equal(t, core.KindHTTP, first.Kind)
	require.Equal(t, "夜间报表 🎉", first.Title)
	require.Equal(t, "every night", first.Remark)
	require.Equal(t, int64(3), first.CreatedBy)
	require.Equal(t, "crm", first.CreatedByName)
	require.Equal(t, local(2020, 5, 13, 9, 25, 1, 361080), first.CreatedAt)
	require.Equal(t, core.Schedule{Kind: core.ScheduleCron, Cron: "0 0 12 * * ?", Start: local(2020, 5, 13, 9, 25, 48, 0), End: local(2099, 12, 31, 23, 59, 59, 0)}, first.Schedule)
	require.Equal(t, []core.Param{{Key: "k", Value: "v", Remark: "r"}}, first.Params)
	require.Equal(t, []string{guid(2), guid(3)}, first.Children)
	require.Equal(t, []int64{3, 9}, first.Keepers)
	require.Equal(t, []string{"w1", "w9"}, first.Executors)
	require.Equal(t, &core.Callback{
		Method: "POST", URL: "http://127.0.0.1/1", ContentType: "application/json", Body: `{"n":1}`,
		Headers: []core.Header{{Name: "sm-timeout", Value: "30"}, {Name: "X-A", Value: "b", Remark: "c"}},
	}, first.Callback)

	second := o.task(2)
	require.Equal(t, core.Schedule{Kind: core.ScheduleOnce, Start: local(2098, 1, 1, 8, 30, 0, 0)}, second.Schedule)
	require.Equal(t, "GET", second.Callback.Method)
	require.Equal(t, []core.Param{{Key: "q", Value: "a b"}}, second.Callback.Form)

	third := o.task(3)
	require.Equal(t, core.KindPlugin, third.Kind)
	require.Equal(t, &core.PluginCall{Package: "Acme.Jobs", Task: "Acme.Jobs.Nightly"}, third.Plugin)
	require.Equal(t, third.CreatedAt, third.Schedule.Start, "a task without a start has been in force since it was made")

	_, err := o.Task(t.Context(), guid(4))
	require.Equal(t, core.CodeNotFound, core.CodeOf(err))
	require.Empty(t, o.delayedTasks())

	settings, err := o.manage.Settings.Current(t.Context())
	require.NoError(t, err)
	require.Equal(t, 25*time.Second, settings.HTTPRequestTimeout)
	require.Equal(t, "hush", settings.SMTPPassword)
	require.Equal(t, 3, settings.UnhealthTimes)

	// What clients send and people type is what they always have.
	for name, id := range map[string]int64{"admin": 1, "crm": 3} {
		u, err := o.auth.CheckSecret(t.Context(), name, core.APISecret(name, "123456"), "192.0.2.1")
		require.NoError(t, err)
		require.Equal(t, id, u.ID)
		u, err = o.auth.CheckPassword(t.Context(), name, "123456", "192.0.2.1")
		require.NoError(t, err)
		require.True(t, u.MustChange)
		require.Equal(t, map[string]core.Role{"admin": core.RoleAdmin, "crm": core.RoleDeveloper}[name], u.Role)
	}
	_, err = o.auth.CheckSecret(t.Context(), "locked", core.APISecret("locked", "123456"), "192.0.2.1")
	require.Equal(t, core.CodeUnauthenticated, core.CodeOf(err))
	users, err := o.Users(t.Context())
	require.NoError(t, err)
	require.Len(t, users, 3)
	require.Equal(t, "crm@example.org", users[1].Email)
}

// A dry run says what the import says then, and writes nothing; so does the next one after it.
func TestDryRunSaysTheSame(t *testing.T) {
	eachServer(t, func(t *testing.T, db *theirs) {
		whole(db)
		messy(db)
		for name, options := range map[string][]func(*Options){"stopped": nil, "started": {start}, "any worker": {anyWorker, start}} {
			o := newOurs(t)
			empty := o.all()
			said, report := o.bring(db, append(slices.Clone(options), dryRun)...)
			require.Equal(t, empty, o.all(), name)
			done, again := o.bring(db, options...)
			require.Equal(t, done, said, name)
			require.Equal(t, again, report, name)
			require.NotEqual(t, empty, o.all(), name)

			before := o.all()
			said, _ = o.bring(db, append(slices.Clone(options), dryRun)...)
			done, _ = o.bring(db, options...)
			require.Equal(t, done, said, name)
			require.Equal(t, before, o.all(), name)
		}
	})
}

// What is as it was stays as it is; what changed there changes here; what changed here stays.
func TestImportAgain(t *testing.T) {
	eachServer(t, func(t *testing.T, db *theirs) {
		whole(db)
		for n := 5; n < 10; n++ {
			db.task(n, values{"status": 0})
		}
		o := newOurs(t)
		o.bring(db)
		before := o.all()
		lines, report := o.bring(db)
		require.Equal(t, before, o.all())
		require.Equal(t, []string{
			"left     user         gone: was deleted there",
			"left     setting      Oracle_Version: is no setting here", "left     setting      System_WorkerUnHealthTimes: must be a whole number from 2 to 20",
			`left     task         "task 4" (#4): was deleted there`,
		}, sorted(lines))
		require.Equal(t, int64(8), report.Count(Task, AsItWas))
		require.Equal(t, int64(3), report.Count(User, AsItWas))
		require.Equal(t, int64(2), report.Count(Worker, AsItWas))

		// Changes there.
		for _, n := range []int{1, 5, 6, 7, 8} {
			db.set("schedules", "id", guid(n), "title", "new title")
		}
		db.set("schedulehttpoptions", "scheduleid", guid(2), "requesturl", "http://127.0.0.1/new")
		db.set("systemusers", "id", 3, "password", md5Of654321)
		db.set("systemusers", "id", 3, "email", "new@example.org")
		db.set("systemusers", "id", 5, "status", 1)
		db.set("systemconfigs", "key", "Http_RequestTimeout", "value", "30")
		db.set("systemconfigs", "key", "DelayTask_RetryTimes", "value", "5")
		// Changes here.
		edited := o.task(6)
		edited.Remark = "edited"
		_, err := o.manage.Tasks.Edit(t.Context(), o.admin, edited)
		require.NoError(t, err)
		require.NoError(t, o.manage.Tasks.Start(t.Context(), o.admin, guid(7)))
		require.NoError(t, o.manage.Tasks.Delete(t.Context(), o.admin, guid(8)))
		edited = o.task(9)
		edited.Remark = "edited, though nothing changed there"
		_, err = o.manage.Tasks.Edit(t.Context(), o.admin, edited)
		require.NoError(t, err)
		require.NoError(t, o.auth.SetSignIn(t.Context(), "admin", "mine from now on"))
		require.NoError(t, o.manage.Settings.Save(t.Context(), o.admin, map[string]string{"DelayTask_RetryTimes": "7"}))

		lines, _ = o.bring(db)
		require.Equal(t, []string{
			"changed  user         crm: the API secret; the email", "left     user         gone: was deleted there", "changed  user         locked: enabled",
		}, of(lines, User))
		require.ElementsMatch(t, []string{
			`changed  setting      Http_RequestTimeout: from "25" to "30"`,
			`left     setting      DelayTask_RetryTimes: is "7" here, which was set here; there it is "5"`,
			"left     setting      System_WorkerUnHealthTimes: must be a whole number from 2 to 20", "left     setting      Oracle_Version: is no setting here",
		}, of(lines, Setting))
		require.Equal(t, []string{
			`changed  task         "new title" (#1): keeper 9 is no user; stopped; it runs there`,
			`changed  task         "task 2" (#2)`,
			`left     task         "task 4" (#4): was deleted there`,
			`changed  task         "new title" (#5)`,
			`left     task         "new title" (#6): was edited here since it was brought`,
			`left     task         "new title" (#7): was changed there since, and is running here: stop it, and import again`,
			`left     task         "new title" (#8): was deleted here`,
			`left     task         "task 9" (#9): was edited here since it was brought`,
		}, of(lines, Task))
		require.Equal(t, "new title", o.task(1).Title)
		require.Equal(t, "http://127.0.0.1/new", o.task(2).Callback.URL)
		require.Equal(t, "task 6", o.task(6).Title)
		require.Equal(t, "edited", o.task(6).Remark)
		require.Equal(t, "task 7", o.task(7).Title)
		_, err = o.auth.CheckSecret(t.Context(), "crm", core.APISecret("crm", "654321"), "192.0.2.1")
		require.NoError(t, err)
		_, err = o.auth.CheckSecret(t.Context(), "admin", core.APISecret("admin", "123456"), "192.0.2.1")
		require.NoError(t, err, "who has set a password here goes on with the secret")

		// A task that was started here is changed once it is stopped, and stays stopped.
		require.NoError(t, o.manage.Tasks.Stop(t.Context(), o.admin, guid(7)))
		db.set("schedules", "id", guid(7), "status", 1)
		lines, _ = o.bring(db, start)
		require.Contains(t, lines, `changed  task         "new title" (#7)`)
		require.Equal(t, core.TaskStopped, o.task(7).State)
		before = o.all()
		o.bring(db, start)
		require.Equal(t, before, o.all())
	})
}

// With --start what runs there runs here, once; and what has been stopped here since stays stopped.
func TestStart(t *testing.T) {
	eachServer(t, func(t *testing.T, db *theirs) {
		db.user(3, "crm", md5Of123456)
		db.task(1)
		db.task(2, values{"status": 0})
		db.task(3, values{"status": 2})
		db.task(4, values{"enddate": "2021-01-01 00:00:00"})
		db.task(5, values{"metatype": 1, "assemblyname": "A", "classname": "B"})
		db.task(6, values{"runloop": false, "startdate": "2098-01-01 00:00:00", "lastruntime": nil})
		db.task(7, values{"runloop": false, "startdate": "2024-01-01 00:00:00", "lastruntime": "2024-01-01 00:00:01"})
		db.task(8, values{"runloop": false, "startdate": "2024-01-01 00:00:00", "lastruntime": nil})
		o := newOurs(t)
		o.bring(db)
		require.Equal(t, core.TaskStopped, o.task(1).State)
		db.task(9)

		lines, report := o.bring(db, start)
		require.Equal(t, []string{
			`changed  task         "task 1" (#1): started`, `changed  task         "task 6" (#6): started`, `brought  task         "task 9" (#9): started`,
		}, of(lines, Task))
		require.Empty(t, report.Hints)
		for n, want := range map[int]core.TaskState{1: "running", 2: "stopped", 3: "stopped", 4: "stopped", 5: "stopped", 6: "running", 7: "stopped", 8: "stopped", 9: "running"} {
			require.Equal(t, want, o.task(n).State, n)
		}
		require.False(t, o.task(1).NextDue.IsZero())

		require.NoError(t, o.manage.Tasks.Stop(t.Context(), o.admin, guid(1)))
		before := o.all()
		lines, _ = o.bring(db, start)
		require.Empty(t, of(lines, Task))
		require.Equal(t, before, o.all())

		lines, _ = newOurs(t).bring(db, start)
		require.Equal(t, []string{
			`brought  task         "task 1" (#1): started`, `brought  task         "task 2" (#2)`, `brought  task         "task 3" (#3): stopped; it is paused there`,
			`brought  task         "task 4" (#4): not started: EndDate: has passed`,
			`brought  task         "task 5" (#5): not started: plugin package "A" has not been uploaded`,
			`brought  task         "task 6" (#6): started`, `brought  task         "task 7" (#7): not started: it has fired there`,
			`brought  task         "task 8" (#8): not started: its instant has passed`, `brought  task         "task 9" (#9): started`,
		}, of(lines, Task))
	})
}

func TestPendingDelayedTasks(t *testing.T) {
	eachServer(t, func(t *testing.T, db *theirs) {
		db.user(3, "crm", md5Of123456)
		db.config("DelayTask_RetryTimes", "4")
		db.config("DelayTask_RetrySpans", "20")
		db.delayed(1)
		db.delayed(2, values{"status": 1, "createtime": "2090-01-01 10:00:00", "createusername": nil, "notifydatatype": "application/x-www-form-urlencoded", "notifybody": `[{"Key":"a","Value":"b"}]`})
		db.delayed(3, values{"failedretrys": 2, "executetime": "2090-01-01 10:00:00", "createusername": "nobody"})
		db.delayed(4, values{"notifyurl": "ftp://h/x"})
		for n, status := range map[int]int{5: 0, 6: 3, 7: 4} {
			db.delayed(n, values{"status": status})
		}
		db.executor(1, "w1")
		db.executor(6, "w6")
		o := newOurs(t)
		lines, report := o.bring(db, start)
		require.Equal(t, []string{"brought  worker       w1: as a name that tasks refer to; a worker started with --name w1 takes them"}, of(lines, Worker))
		require.Equal(t, []string{
			"brought  delayed task shop/order/k1 (#1): due 2026-01-01 10:01:00, which has passed: called back at once",
			"brought  delayed task shop/order/k3 (#3): due 2090-01-01 10:00:40; 2 attempts have failed there",
			"left     delayed task shop/order/k4 (#4): NotifyUrl: must be an absolute http or https URL",
			"brought  delayed task shop/order/k2 (#2): due 2090-01-01 10:01:00",
		}, of(lines, DelayedTask))
		require.Len(t, report.Hints, 1)

		byKey := map[string]*core.DelayedTask{}
		for _, d := range o.delayedTasks() {
			byKey[d.ContentKey] = d
		}
		require.Len(t, byKey, 3)
		first := byKey["k1"]
		require.Equal(t, core.DelayedReady, first.State, "it is due, so its run is planned")
		require.Equal(t, int64(3), first.CreatedBy, "who created it is told when it fails")
		require.Equal(t, []string{"w1"}, first.Executors)
		require.Equal(t, core.RetryPolicy{Count: 4, Backoff: core.BackoffLinear, Delay: 20 * time.Second}, first.Retry)
		require.Equal(t, "success", first.Callback.Success.Contains)
		require.Equal(t, "POST", first.Callback.Method)
		require.Equal(t, core.DelayedCreated, byKey["k2"].State)
		require.Equal(t, []core.Param{{Key: "a", Value: "b"}}, byKey["k2"].Callback.Form)
		require.Equal(t, 2, byKey["k3"].Retry.Count, "two attempts of four are used up")
		require.Equal(t, "nobody", byKey["k3"].CreatedByName)

		// They are known again whatever has become of them.
		require.NoError(t, o.manage.Delayed.Void(t.Context(), o.admin, byKey["k2"].ID))
		_, report = o.bring(db, start)
		require.Equal(t, int64(3), report.Count(DelayedTask, AsItWas))
		require.Equal(t, int64(1), report.Count(DelayedTask, Left))
		require.Len(t, o.delayedTasks(), 3)
	})
}

// More than one batch, and by absolute time.
func TestManyDelayedTasks(t *testing.T) {
	eachServer(t, func(t *testing.T, db *theirs) {
		db.config("DelayTask_DelayPattern", "absolute")
		for n := range 2*delayedBatch + 1 {
			db.delayed(n + 1)
		}
		o := newOurs(t)
		_, report := o.bring(db, start, anyWorker)
		require.Equal(t, int64(2*delayedBatch+1), report.Count(DelayedTask, Brought))
		list := o.delayedTasks()
		require.Len(t, list, 2*delayedBatch+1)
		require.Equal(t, time.Date(2030, 1, 1, 0, 0, 0, 0, shanghai()).UTC(), list[0].Due)
		_, report = o.bring(db, start, anyWorker)
		require.Equal(t, int64(2*delayedBatch+1), report.Count(DelayedTask, AsItWas))
		runs, _, err := o.Runs(t.Context(), store.RunFilter{Limit: 10})
		require.NoError(t, err)
		require.Empty(t, runs, "they are not due yet")
	})
}
