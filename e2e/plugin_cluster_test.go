package e2e

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	v1 "github.com/carillonhq/carillon/master/api/v1"
)

// A package that is uploaded runs on every worker that runs plugins. A new version of it takes over under load, and no run
// fails for that.
func TestPluginOnTwoWorkersIsUpdatedUnderLoad(t *testing.T) {
	skipLong(t)
	t.Parallel()
	first, second := mischief(t, "1.0.0"), mischief(t, "1.1.0")
	s := serve(t, "master", t.TempDir())
	plain := joinWorker(t, s.grpc, "plain")
	joinWorker(t, s.grpc, "w1", "--plugins")
	joinWorker(t, s.grpc, "w2", "--plugins")
	require.Equal(t, []bool{false, true, true}, []bool{s.nodes()["plain"].Plugins, s.nodes()["w1"].Plugins, s.nodes()["w2"].Plugins})
	s.uploaded(first)

	one := s.startTask(mischievous("work", map[string]string{"ms": "1500"}, nil))
	run := s.runNow(one)
	began := time.Now()
	s.awaitLog(run, "working")
	line := s.run(run).Log[0]
	require.Equal(t, "info", line.Level)
	t.Logf("the first line was seen %s after the run was asked for, and %s after it was said", time.Since(began), time.Since(instant(t, line.At)))
	eventually(t, pluginSoon, func() bool { return s.run(run).Progress > 0 }, "its progress is seen")
	done := s.awaitRun(run, "succeeded")
	require.Equal(t, []any{"plugin mischief@1.0.0 work", "application/json", 100}, []any{done.Request, done.Answer.ContentType, done.Progress})

	everySecond := object{"schedule": object{"kind": "cron", "cron": "* * * * * ?"}, "routing": object{"strategy": "round_robin"}}
	var tasks []string
	for range 4 {
		tasks = append(tasks, s.startTask(mischievous("work", map[string]string{"ms": "400"}, everySecond)))
	}
	pinned := s.startTask(mischievous("work", nil, object{
		"schedule": everySecond["schedule"], "plugin": object{"package": "mischief", "task": "work", "version": "1.0.0"},
	}))
	succeeded := func(task, version string) (n int) {
		for _, r := range s.runsOfTask(task) {
			require.NotContains(t, []string{"failed", "timed_out", "lost"}, r.State, r.Reason)
			if r.State == "succeeded" && r.Request == "plugin mischief@"+version+" work" {
				n++
			}
		}
		return n
	}
	busy := s.startTask(mischievous("work", map[string]string{"ms": "20"}, object{"routing": everySecond["routing"]}))
	asked := 0
	awaitAll := func(version string) {
		for _, task := range tasks {
			eventually(t, pluginSoon, func() bool {
				for range 10 { // so that there are always some under way
					s.runNow(busy)
					asked++
				}
				return succeeded(task, version) >= 4
			}, "runs of version %s succeed", version)
		}
	}
	awaitAll("1.0.0")
	s.uploaded(second)
	awaitAll("1.1.0")
	before := succeeded(tasks[0], "1.0.0")
	eventually(t, pluginSoon, func() bool { return succeeded(tasks[0], "1.1.0") >= 8 }, "it goes on")
	require.Equal(t, before, succeeded(tasks[0], "1.0.0"), "and none has the old version any more")
	require.NotZero(t, succeeded(pinned, "1.0.0"))
	require.Zero(t, succeeded(pinned, "1.1.0"))

	eventually(t, pluginSoon, func() bool {
		return succeeded(busy, "1.0.0")+succeeded(busy, "1.1.0") == asked
	}, "all of the load is done")
	require.NotZero(t, succeeded(busy, "1.0.0"))
	require.NotZero(t, succeeded(busy, "1.1.0"))
	t.Logf("of the load, %d runs had the old version and %d the new one", succeeded(busy, "1.0.0"), succeeded(busy, "1.1.0"))

	workers := map[string]bool{}
	for _, task := range append(tasks, one, pinned) {
		for _, r := range s.runsOfTask(task) {
			if r.State == "succeeded" {
				workers[r.Worker] = true
				var result map[string]any
				require.NoError(t, json.Unmarshal([]byte(s.run(r.ID).Answer.Body), &result))
				require.Contains(t, r.Request, result["version"], "it is what it says it is")
			}
		}
	}
	require.Equal(t, map[string]bool{"w1": true, "w2": true}, workers)
	require.Empty(t, plain.pluginProcesses())
	var v v1.Plugin
	s.do(http.StatusOK, http.MethodGet, "/plugins/mischief", nil, &v)
	require.Equal(t, "1.1.0", v.Latest.Version)
}

// A client of ScheduleMaster's creates the task before the package exists.
func TestPluginTaskOfTheFormAPI(t *testing.T) {
	skipLong(t)
	t.Parallel()
	file := mischief(t, "1.0.0")
	s := serve(t, "serve", t.TempDir(), "--plugins")
	id := s.mustForm("/api/task/create", "MetaType", "1", "Title", "nightly", "RunLoop", "true", "CronExpression", "* * * * * ?",
		"StartDate", "2020-01-01 00:00:00", "AssemblyName", "mischief", "ClassName", "work", "CustomParamsJson", `[{"ParamKey":"ms","ParamValue":"20","ParamRemark":"long"}]`)
	out, err := s.form("/api/task/start", "id", id)
	require.NoError(t, err)
	require.False(t, out.Success)
	require.Contains(t, out.Message, `mischief`)
	s.uploaded(file)
	s.mustForm("/api/task/start", "id", id)
	eventually(t, pluginSoon, func() bool {
		n := 0
		for _, r := range s.runsOfTask(id) {
			require.NotEqual(t, "failed", r.State, r.Reason)
			if r.State == "succeeded" {
				n++
			}
		}
		return n >= 2
	}, "it runs")
	detail := s.query("/api/task/querytaskdetail?id=" + id)
	require.Equal(t, []any{1., "mischief", "work"}, []any{detail["MetaType"], detail["AssemblyName"], detail["ClassName"]})
	require.JSONEq(t, `[{"ParamKey":"ms","ParamValue":"20","ParamRemark":"long"}]`, detail["CustomParamsJson"].(string))
}

// A run says when its task is due next, and the schedule goes on after it.
func TestPluginSetsTheNextInstantOfItsTask(t *testing.T) {
	skipLong(t)
	t.Parallel()
	machine := watchMachine(t)
	file := mischief(t, "1.0.0")
	s := serve(t, "serve", t.TempDir(), "--plugins")
	s.uploaded(file)
	task := s.startTask(mischievous("again", map[string]string{"ms": "1200"}, nil))
	s.awaitRun(s.runNow(task), "succeeded")
	var runs []v1.Run
	eventually(t, pluginSoon, func() bool {
		runs = nil
		for _, r := range s.runsOfTask(task) {
			if r.State == "succeeded" {
				runs = append(runs, r)
			}
		}
		return len(runs) >= 4
	}, "it is due again and again")
	for i, later := range runs[:len(runs)-1] { // the latest first
		require.Equal(t, "schedule", later.Trigger)
		wait := instant(t, later.Due).Sub(instant(t, runs[i+1].AnsweredAt))
		require.Less(t, wait, machine.allows(1200*time.Millisecond))
		require.Greater(t, instant(t, later.Due).Sub(instant(t, runs[i+1].SentAt)), time.Second)
	}
}

// Packages are in the database, so that a worker has them of any master: here of one that did not take the upload.
func TestPluginIsFetchedFromAnotherMaster(t *testing.T) {
	skipLong(t)
	t.Parallel()
	eachServer(t, func(t *testing.T, kind string) {
		masters := several(t, kind, 2)
		joinWorker(t, masters[1].grpc, "w1", "--plugins")
		masters[0].uploaded(mischief(t, "1.0.0"))
		done := masters[0].awaitRun(masters[0].runNow(masters[0].startTask(mischievous("work", nil, nil))), "succeeded")
		require.Equal(t, []string{"w1", "plugin mischief@1.0.0 work"}, []string{done.Worker, done.Request})
	})
}
