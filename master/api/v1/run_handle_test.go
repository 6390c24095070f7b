package v1

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/manage"
	"github.com/carillonhq/carillon/store"
)

// ledger has a run due at each of some seconds, from the latest.
func ledger(n int) *fakes {
	f := &fakes{tasks: []*core.Task{{ID: "t0"}}}
	for i := n - 1; i >= 0; i-- {
		due := now().Truncate(time.Second).Add(time.Duration(i) * time.Second)
		f.runs = append(f.runs, &core.Run{ID: core.RunID(due, fmt.Sprint(i)), TaskID: "t0", Due: due, State: core.RunSucceeded})
	}
	return f
}

func TestListRuns(t *testing.T) {
	t.Parallel()
	f := ledger(10)
	p := get[Page[Run]](t, f, http.StatusOK, call{path: "/runs?taskId=t0&delayedTaskId=d0&state=timed_out&limit=4"})
	require.Equal(t, store.RunFilter{TaskID: "t0", DelayedID: "d0", State: core.RunTimedOut, Limit: 5}, f.runFilter)
	require.Len(t, p.Items, 4)
	p = get[Page[Run]](t, f, http.StatusOK, call{path: "/runs?cursor=" + p.Next})
	require.Len(t, p.Items, 6)
	require.Empty(t, p.Next)

	get[Page[Run]](t, f, http.StatusOK, call{path: "/runs?occurrenceId=o&parentRunId=p&trigger=manual&worker=w"})
	require.Equal(t, store.RunFilter{OccurrenceID: "o", ParentRunID: "p", Trigger: core.TriggerManual, Worker: "w", Limit: 51}, f.runFilter)
	f.reached = "r9"
	p = get[Page[Run]](t, f, http.StatusOK, call{path: "/runs"})
	get[Page[Run]](t, f, http.StatusOK, call{path: "/runs?cursor=" + p.Next})
	require.Equal(t, "r9", f.runFilter.Before, "what was not looked through comes with the page after")
	f.reached = ""

	p = get[Page[Run]](t, f, http.StatusOK, call{path: "/tasks/t0/runs"})
	require.Len(t, p.Items, 10)
	require.Equal(t, "t0", f.runFilter.TaskID)
	f.refused(t, http.StatusNotFound, call{path: "/tasks/t1/runs"})
	require.Equal(t, "state", f.refused(t, http.StatusBadRequest, call{path: "/runs?state=done"}).Field)
	require.Equal(t, "trigger", f.refused(t, http.StatusBadRequest, call{path: "/runs?trigger=chance"}).Field)
	require.Equal(t, "dueFrom", f.refused(t, http.StatusBadRequest, call{path: "/runs?dueFrom=today"}).Field)
}

func TestRunsOfAStretchOfTime(t *testing.T) {
	t.Parallel()
	f := ledger(10)
	at := func(i int) string { return f.runs[9-i].Due.Format(time.RFC3339) }
	// From the third to before the seventh, by pages of two.
	path := "/runs?limit=2&dueFrom=" + at(2) + "&dueTo=" + at(6)
	var dues []Instant
	for next := ""; ; {
		p := get[Page[Run]](t, f, http.StatusOK, call{path: path + next})
		for _, r := range p.Items {
			dues = append(dues, r.Due)
		}
		if p.Next == "" {
			break
		}
		next = "&cursor=" + p.Next
	}
	require.Equal(t, []Instant{Instant(at(5)), Instant(at(4)), Instant(at(3)), Instant(at(2))}, dues)
}

func TestGetRun(t *testing.T) {
	t.Parallel()
	f := &fakes{runs: []*core.Run{{ID: "r0", State: core.RunFailed, Result: core.Result{
		Status: 500, Response: []byte("<oh & no>"), Reason: "the answer had status 500", Log: []core.LogLine{{At: now(), Level: "warn", Text: "slow"}},
	}}}}
	got := get[Run](t, f, http.StatusOK, call{path: "/runs/r0"})
	require.Equal(t, &Answer{Status: 500, Body: "<oh & no>"}, got.Answer)
	require.Equal(t, []LogLine{{At: "2026-01-02T15:04:05.678901Z", Level: "warn", Text: "slow"}}, got.Log)
	require.Contains(t, f.do(t, call{path: "/runs/r0"}).Body.String(), "<oh & no>", "signs of HTML are not escaped")
	f.refused(t, http.StatusNotFound, call{path: "/runs/r1"})
}

func TestCancelRun(t *testing.T) {
	t.Parallel()
	f := &fakes{runs: []*core.Run{{ID: "r0", State: core.RunRunning}}}
	for _, body := range []string{"", "{}", `{"reason":"too slow"}`} {
		got := get[Run](t, f, http.StatusAccepted, call{method: http.MethodPost, path: "/runs/r0/cancel", body: body})
		require.Equal(t, "running", got.State)
	}
	require.Equal(t, []string{"cancel r0 ", "cancel r0 ", "cancel r0 too slow"}, f.calls)
	require.Equal(t, "why", f.refused(t, http.StatusBadRequest, call{method: http.MethodPost, path: "/runs/r0/cancel", body: `{"why":"x"}`}).Field)
}

func TestReplayRun(t *testing.T) {
	t.Parallel()
	f := &fakes{runs: []*core.Run{{ID: "r0", State: core.RunFailed}}}
	w := f.do(t, call{method: http.MethodPost, path: "/runs/r0/replay"})
	require.Equal(t, "/api/v1/runs/r9", w.Header().Get("Location"))
	got := get[Run](t, f, http.StatusAccepted, call{method: http.MethodPost, path: "/runs/r0/replay", body: "{}"})
	require.Equal(t, "r0", got.ReplayOf)
	require.Equal(t, "replay", got.Trigger)
	require.Equal(t, []string{"replay r0", "replay r0"}, f.calls)
	f.refused(t, http.StatusNotFound, call{method: http.MethodPost, path: "/runs/r1/replay"})
}

func TestCurlOfRun(t *testing.T) {
	t.Parallel()
	f := &fakes{runs: []*core.Run{{ID: "r0", TaskVersion: 1}, {ID: "r1", TaskVersion: 2}}}
	got := get[Curl](t, f, http.StatusOK, call{path: "/runs/r0/curl", role: core.RoleViewer})
	require.Equal(t, Curl{Command: "curl 'a' <viewer>", Masked: true}, got)
	f.refused(t, http.StatusConflict, call{path: "/runs/r1/curl"})
}

func TestClearRuns(t *testing.T) {
	t.Parallel()
	f := new(fakes)
	post := func(body string) call { return call{method: http.MethodPost, path: "/runs/clear", body: body} }
	got := get[RunsCleared](t, f, http.StatusOK, post(`{"dueTo":"2026-01-02T00:00:00Z","dryRun":true}`))
	require.Equal(t, RunsCleared{Left: manage.ClearCounted, LeftAtLeast: true}, got)
	require.Empty(t, f.calls, "a dry run deletes nothing")
	got = get[RunsCleared](t, f, http.StatusOK, post(`{"taskId":"t0","states":["failed","lost"],"dueFrom":"2026-01-01T00:00:00Z","dueTo":"2026-01-02T00:00:00Z"}`))
	require.Equal(t, RunsCleared{Deleted: 5000, Left: 7}, got)
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	require.Equal(t, store.ClearFilter{TaskID: "t0", States: []core.RunState{core.RunFailed, core.RunLost}, From: day, To: day.AddDate(0, 0, 1)}, f.clearFilter)
	require.Equal(t, "dueTo", f.refused(t, http.StatusBadRequest, post(`{"dueTo":"yesterday"}`)).Field)
	require.Equal(t, "all", f.refused(t, http.StatusBadRequest, post(`{"all":true}`)).Field)
}

func TestListNodes(t *testing.T) {
	t.Parallel()
	p := get[Page[Node]](t, &fakes{}, http.StatusOK, call{path: "/nodes"})
	require.Len(t, p.Items, 2)
	require.Equal(t, []bool{true, false}, []bool{p.Items[0].Alive, p.Items[1].Alive})
	require.Equal(t, []string{"gpu"}, p.Items[1].Labels)
}

func TestSettings(t *testing.T) {
	t.Parallel()
	f := &fakes{values: map[string]string{"Http_RequestTimeout": "10"}}
	require.Equal(t, f.values, get[map[string]string](t, f, http.StatusOK, call{path: "/settings", role: core.RoleViewer}))
	got := get[map[string]string](t, f, http.StatusOK, call{method: http.MethodPut, path: "/settings",
		body: `{"Http_RequestTimeout":20,"Email_SmtpServer":"mail.example.org"}`})
	require.Equal(t, map[string]string{"Http_RequestTimeout": "20", "Email_SmtpServer": "mail.example.org"}, got)
	require.Equal(t, []string{"admin"}, f.actors)
	for body, field := range map[string]string{
		`{"Http_RequestTimeout":true}`: "Http_RequestTimeout", `{"Http_RequestTimeout":null}`: "Http_RequestTimeout",
		`{"Http_RequestTimeout":{"a":[{"b":1}]}}`: "Http_RequestTimeout", `{"a":"1","a":"2"}`: "a", `[]`: "",
	} {
		require.Equal(t, field, f.refused(t, http.StatusBadRequest, call{method: http.MethodPut, path: "/settings", body: body}).Field, body)
	}
}
