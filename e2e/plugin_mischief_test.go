package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A run under way is cancelled, and so is one that does not listen: its process is killed, and the others in it are done
// again.
func TestPluginRunIsCancelled(t *testing.T) {
	skipLong(t)
	t.Parallel()
	file := mischief(t, "1.0.0")
	s := serve(t, "master", t.TempDir())
	w := joinWorker(t, s.grpc, "w1", "--plugins", "--plugin-grace", "2s")
	s.uploaded(file)
	work := s.startTask(mischievous("work", map[string]string{"ms": "600000"}, nil))
	hang := s.startTask(mischievous("hang", nil, nil))

	run := s.runNow(work)
	s.awaitLog(run, "working")
	s.do(http.StatusAccepted, http.MethodPost, "/runs/"+run+"/cancel", object{"reason": "not now"}, nil)
	require.Contains(t, s.awaitRun(run, "cancelled").Reason, "not now")

	deaf, beside := s.runNow(hang), s.runNow(work)
	s.awaitLog(deaf, "hanging")
	s.awaitLog(beside, "working")
	pids := w.pluginProcesses()
	require.NotEmpty(t, pids)
	began := time.Now()
	s.do(http.StatusAccepted, http.MethodPost, "/runs/"+deaf+"/cancel", nil, nil)
	require.Contains(t, s.awaitRun(deaf, "cancelled").Reason, "did not end in the 2s that it was given")
	require.Greater(t, time.Since(began), 2*time.Second)
	requireGone(t, pids)
	require.Contains(t, s.awaitRun(beside, "lost").Reason, "another run in it did not end")
	var again string
	eventually(t, pluginSoon, func() bool {
		for _, r := range s.runsOfTask(work) {
			if r.Trigger == "retry" && r.State == "running" {
				again = r.ID
			}
		}
		return again != ""
	}, "the other is done again")
	s.do(http.StatusAccepted, http.MethodPost, "/runs/"+again+"/cancel", nil, nil)
	s.awaitRun(again, "cancelled")
}

// Whatever a plugin does to itself, to its worker's memory or log or process table, its run ends with a reason, the worker
// and what else it runs go on, and nothing is left behind.
func TestPluginsThatMisbehave(t *testing.T) {
	skipLong(t)
	t.Parallel()
	file := mischief(t, "1.0.0")
	s := serve(t, "master", t.TempDir())
	w := joinWorker(t, s.grpc, "w1", "--plugins", "--plugin-memory", "300MiB", "--plugin-idle", "2s", "--plugin-grace", "1s")
	target := newSink(t)
	callbacks := s.startTask(httpTask(target.URL+"/tick", object{"kind": "cron", "cron": "* * * * * ?"}, nil))
	s.uploaded(file)
	begin := func(name string, more object) string {
		return s.runNow(s.startTask(mischievous(name, nil, more)))
	}

	run := s.awaitRun(begin("panic", nil), "failed")
	require.Contains(t, run.Reason, "the mill is on fire")
	log := strings.Builder{}
	for _, l := range run.Log {
		log.WriteString(l.Text + "\n")
	}
	require.Contains(t, log.String(), "mischief/main.go", "the log has the stack")

	hung := s.awaitRun(begin("hang", object{"plugin": object{"package": "mischief", "task": "hang", "timeout": "1s", "isolated": true}}), "timed_out")
	require.Contains(t, hung.Reason, "no result within 1s")

	leaked := s.awaitRun(begin("leak", object{"plugin": object{"package": "mischief", "task": "leak", "isolated": true}}), "failed")
	require.Contains(t, leaked.Reason, "memory")

	ended := s.awaitRun(begin("exit", object{"plugin": object{"package": "mischief", "task": "exit", "isolated": true}}), "failed")
	require.Contains(t, ended.Reason, "3")
	require.Contains(t, ended.Reason, "the last straw")

	flood := begin("flood", object{"plugin": object{"package": "mischief", "task": "flood", "isolated": true}})
	flooded := s.awaitRun(flood, "succeeded")
	require.Less(t, len(flooded.Log), 50_000)
	require.Contains(t, fmt.Sprint(flooded.Log), "dropped")

	forked := begin("fork", object{"plugin": object{"package": "mischief", "task": "fork", "isolated": true}})
	s.awaitRun(forked, "succeeded")
	stays := begin("fork", object{"params": []object{{"key": "then", "value": "stay"}}, "plugin": object{"package": "mischief", "task": "fork", "isolated": true}})
	s.awaitLog(stays, "forked")
	pids := w.pluginProcesses()
	require.GreaterOrEqual(t, len(pids), 5, "a supervisor, the plugin, a shell and what that started")
	s.do(http.StatusAccepted, http.MethodPost, "/runs/"+stays+"/cancel", nil, nil)
	s.awaitRun(stays, "cancelled")
	requireGone(t, pids)

	fine := s.awaitRun(begin("work", nil), "succeeded")
	require.Contains(t, fine.Answer.Body, `"1.0.0"`)
	eventually(t, pluginSoon, func() bool { return len(w.pluginProcesses()) == 0 }, "no process is left when none has a run")
	for _, r := range s.runsOfTask(callbacks) {
		require.Contains(t, []string{"succeeded", "planned", "dispatched", "running", "conflict"}, r.State, r.Reason)
	}
	require.NotEmpty(t, target.seen("/tick"))
	require.True(t, s.nodes()["w1"].Alive)
}

// A worker that is killed takes its plugins along with all that they started, and another does what it had.
func TestKilledWorkerTakesItsPluginsAlong(t *testing.T) {
	skipLong(t)
	t.Parallel()
	file := mischief(t, "1.0.0")
	s := serve(t, "master", t.TempDir())
	w := joinWorker(t, s.grpc, "w1", "--plugins")
	s.uploaded(file)
	work := s.runNow(s.startTask(mischievous("work", map[string]string{"ms": "20000"}, nil)))
	fork := s.runNow(s.startTask(mischievous("fork", map[string]string{"then": "stay"}, object{"atMostOnce": true, "plugin": object{"package": "mischief", "task": "fork", "isolated": true}})))
	s.awaitLog(work, "working")
	s.awaitLog(fork, "forked")
	pids := w.pluginProcesses()
	require.GreaterOrEqual(t, len(pids), 7)
	w.kill()
	requireGone(t, pids)

	joinWorker(t, s.grpc, "w2", "--plugins")
	s.awaitRun(work, "lost")
	s.awaitRun(fork, "lost")
	var again string
	eventually(t, pluginSoon, func() bool {
		for _, r := range s.runsOfTask(s.run(work).TaskID) {
			if r.State == "succeeded" {
				again = r.Worker
			}
		}
		return again != ""
	}, "the run is done again")
	require.Equal(t, "w2", again)
	require.Len(t, s.runsOfTask(s.run(fork).TaskID), 1, "at most once")
}

// What plugins and HTTP targets leave travels to their children, whatever kind these are of.
func TestResultsOfPluginsReachChildren(t *testing.T) {
	skipLong(t)
	t.Parallel()
	file := mischief(t, "1.0.0")
	s := serve(t, "serve", t.TempDir(), "--plugins")
	s.uploaded(file)
	target := newSink(t)
	target.answer("/middle", func(w http.ResponseWriter, _ *http.Request, a arrival) {
		_, _ = fmt.Fprintf(w, `{"length":%d}`, len(a.body))
	})
	last := s.startTask(mischievous("follow", nil, nil))
	middle := s.startTask(httpTask(target.URL+"/middle", never, object{
		"children": []string{last}, "callback": object{"method": "POST", "url": target.URL + "/middle", "body": "{{parent.result}}"},
	}))
	const bytes = 1_000_000
	first := s.startTask(mischievous("tell", map[string]string{"bytes": fmt.Sprint(bytes)}, object{"children": []string{middle}}))
	parent := s.runNow(first)
	done := s.awaitRun(parent, "succeeded")
	require.Len(t, done.Answer.Body, bytes+len(`{"text":""}`))
	came := target.await("/middle", 1, pluginSoon)[0]
	require.JSONEq(t, done.Answer.Body, came.body)
	require.NotEmpty(t, came.header.Get("Carillon-Parent-Result"))
	require.LessOrEqual(t, len(came.header.Get("Carillon-Parent-Result")), 4<<10)
	var result struct{ Previous struct{ Length int } }
	eventually(t, pluginSoon, func() bool {
		for _, r := range s.runsOfTask(last) {
			if r.State == "succeeded" {
				require.NoError(t, json.Unmarshal([]byte(s.run(r.ID).Answer.Body), &result))
				return true
			}
		}
		return false
	}, "the last of them runs")
	require.Equal(t, len(came.body), result.Previous.Length)

	large := s.startTask(mischievous("tell", map[string]string{"bytes": "2000000"}, object{"children": []string{middle}}))
	require.Contains(t, s.awaitRun(s.runNow(large), "failed").Reason, "at most 1048576")
}
