package e2e

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	v1 "github.com/carillonhq/carillon/master/api/v1"
)

// What a killed server had under way is lost and done again: under the same key, as the next attempt, and it keeps no
// task from firing. A task that asks for at most once is not done again.
func TestKilledWithRunsUnderWay(t *testing.T) {
	t.Parallel()
	target := newSink(t)
	s := serve(t, "serve", t.TempDir())
	hang := func(_ http.ResponseWriter, r *http.Request, a arrival) {
		if a.n == 1 {
			<-r.Context().Done()
		}
	}
	for _, path := range []string{"/delayed", "/cron", "/once"} {
		target.answer(path, func(w http.ResponseWriter, r *http.Request, a arrival) {
			hang(w, r, a)
			io.WriteString(w, "success")
		})
	}
	delayed := s.delay("0.1", target.URL+"/delayed")
	ticking := s.startTask(httpTask(target.URL+"/cron", object{"kind": "cron", "cron": "* * * * * ?"}, nil))
	once := s.startTask(httpTask(target.URL+"/once", object{"kind": "once", "start": time.Now().UTC().Format(time.RFC3339)}, object{"atMostOnce": true}))
	for _, path := range []string{"/delayed", "/cron", "/once"} {
		target.await(path, 1, soon)
	}
	s.kill()
	s.start(t)

	calls := target.await("/delayed", 2, soon)
	require.Equal(t, []int{1, 2}, []int{calls[0].attempt, calls[1].attempt})
	require.Equal(t, calls[0].key, calls[1].key)
	require.NotEqual(t, calls[0].run, calls[1].run)
	require.Equal(t, calls[0].due, calls[1].due, "the occurrence keeps its due instant")
	s.awaitDelayed(core.DelayedSucceeded, delayed)
	runs := s.runsOf(delayed)
	require.Equal(t, []string{"lost delayed", "succeeded retry"}, outcomes(runs))
	require.Equal(t, []int{0, 0}, []int{runs[0].Retry, runs[1].Retry}, "a recovery is no retry")
	require.Contains(t, runs[0].Reason, "went away")

	ticks := target.await("/cron", 5, soon)
	again := by(ticks, func(a arrival) string { return a.key })[ticks[0].key]
	require.Len(t, again, 2)
	require.Equal(t, 2, again[1].attempt)
	s.do(http.StatusOK, http.MethodPost, "/tasks/"+ticking+"/stop", nil, nil)
	gone := list[v1.Run](s.api, "/runs?taskId="+once)
	require.Equal(t, []string{"lost schedule"}, outcomes(gone))
	require.Contains(t, gone[0].Reason, "at most once")
	require.Equal(t, 1, len(target.seen("/once")))
}

// A clean stop finishes and records what was begun, takes orders until then, and leaves the rest for the next start.
func TestStoppedCleanly(t *testing.T) {
	t.Parallel()
	machine := watchMachine(t)
	target := newSink(t)
	release := target.hold("/held")
	s := serve(t, "serve", t.TempDir())
	held := s.delay("0.1", target.URL+"/held")
	planned := s.delay("5", target.URL+"/planned")
	far := s.delay("3600", target.URL+"/far")
	target.await("/held", 1, soon)
	s.terminate()
	s.await(1, soon, `"msg":"draining"`)
	late := s.delay("0.1", target.URL+"/late")
	release()
	began := time.Now()
	require.Zero(t, s.exit(soon), "a clean stop")
	require.Less(t, time.Since(began), machine.allows(5*time.Second))

	s.start(t)
	serves := time.Now()
	a := target.await("/planned", 1, soon)[0]
	require.Less(t, a.at, maxTime(a.due, serves).Add(machine.allows(time.Second)), "a restart delays nothing")
	target.await("/late", 1, soon)
	s.awaitDelayed(core.DelayedSucceeded, held, planned, late)
	require.Equal(t, core.DelayedCreated, s.delayedState(far))
	for _, id := range []string{held, planned, late} {
		require.Equal(t, []string{"succeeded delayed"}, outcomes(s.runsOf(id)))
	}
	require.Equal(t, 3, len(target.seen("")), "nothing is sent twice")
	s.stop()
}

// What is not done at the deadline of a clean stop is given up, and done again after the next start.
func TestStoppedWithARunThatDoesNotEnd(t *testing.T) {
	t.Parallel()
	target := newSink(t)
	release := target.hold("/")
	defer release()
	s := serve(t, "serve", t.TempDir(), "--drain-timeout", "1s")
	id := s.delay("0.1", target.URL+"/")
	target.await("/", 1, soon)
	s.stop()
	s.start(t)
	calls := target.await("/", 2, soon)
	require.Equal(t, []int{1, 2}, []int{calls[0].attempt, calls[1].attempt})
	require.Equal(t, calls[0].key, calls[1].key)
	release()
	s.awaitDelayed(core.DelayedSucceeded, id)
	require.Equal(t, []string{"lost delayed", "succeeded retry"}, outcomes(s.runsOf(id)))
}

// A delayed task's retries are stored: a kill between two attempts loses neither the retry nor its instant.
func TestRetriesSurviveAKill(t *testing.T) {
	t.Parallel()
	machine := watchMachine(t)
	target := newSink(t)
	target.answer("/", func(w http.ResponseWriter, _ *http.Request, a arrival) {
		switch a.n {
		case 1:
			w.WriteHeader(http.StatusServiceUnavailable)
		case 2:
			io.WriteString(w, "failure") // 200, but not what a delayed task's target says when all is well
		default:
			io.WriteString(w, "success")
		}
	})
	s := serve(t, "serve", t.TempDir())
	s.do(http.StatusOK, http.MethodPut, "/settings", object{"DelayTask_RetrySpans": 2}, nil)
	id := s.delay("0.1", target.URL+"/")
	starts := []time.Time{time.Now()}
	for attempt := 1; attempt <= 2; attempt++ {
		target.await("/", attempt, soon)
		eventually(t, soon, func() bool { return len(s.runsOf(id)) == attempt+1 }, "retry %d is planned", attempt)
		s.kill()
		s.start(t)
		starts = append(starts, time.Now())
	}
	calls := target.await("/", 3, soon)
	s.awaitDelayed(core.DelayedSucceeded, id)
	runs := s.runsOf(id)
	require.Equal(t, []string{"failed delayed", "failed retry", "succeeded retry"}, outcomes(runs))
	for i, a := range calls {
		require.Equal(t, []any{i + 1, calls[0].key, runs[i].ID}, []any{a.attempt, a.key, a.run})
		require.Equal(t, i, runs[i].Retry)
		require.Less(t, a.at, maxTime(a.due, starts[i]).Add(machine.allows(2*time.Second)), "attempt %d", i+1)
		if i > 0 {
			waited := a.at.Sub(instant(t, runs[i-1].RecordedAt))
			require.GreaterOrEqual(t, waited, time.Duration(i)*2*time.Second, "the spans grow")
		}
	}
}
