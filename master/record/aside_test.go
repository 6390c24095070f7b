package record

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

// only refuses the outcome of one run.
func only(id string) func(core.Outcome) bool {
	return func(o core.Outcome) bool { return o.RunID == id }
}

// The run of an outcome that is refused in its fuller forms ends with what little can be said.
func TestRefusedOutcomeIsStoredBare(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		b.refuse = only("run-0001")
		reported := outcomes(0, 3)
		reported[1].State, reported[1].Retryable, reported[1].Result = core.RunTimedOut, true, core.Result{
			Reason: "answered \x00", Request: "POST http://x", Response: []byte("half an answer"), Status: 504,
		}
		b.submit(reported)
		sleep(b.wait)
		require.Len(t, b.stored, 3)
		require.Len(t, b.told(), 3)
		require.Equal(t, core.Outcome{
			RunID: "run-0001", Token: 1, State: core.RunTimedOut, Result: core.Result{Status: 504, Reason: bareReason},
		}, b.stored["run-0001"])
		require.Equal(t, []string{"run-0001"}, b.bare)
		require.Equal(t, []string{storedBare}, b.refused)
		require.ElementsMatch(t, []string{"run-0000", "run-0001", "run-0002"}, b.ended)
		for _, known := range []string{"run-0001", "half an answer", "POST http://x", "504", "timed_out", "invalid byte sequence"} {
			require.Contains(t, b.log.String(), known, "the log tells what the database does not")
		}
	})
}

func TestReasonOfARefusalIsPlain(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		b.refuse = func(o core.Outcome) bool { return !plainText(o.Result.Reason) || o.Result.Response != nil }
		b.refusal = errors.New("cannot take '\x00\xffpfütze': " + string(make([]byte, 10_000)))
		b.submit(outcomes(0, 1))
		sleep(b.wait)
		require.Equal(t, []string{storedWithoutAnswer}, b.refused, "a refusal that quotes what was refused is not refused again")
		require.Less(t, len(b.stored["run-0000"].Result.Reason), 1000)
		require.Contains(t, b.stored["run-0000"].Result.Reason, "cannot take '??pf")
	})
}

func plainText(s string) bool {
	return !slices.ContainsFunc([]byte(s), func(c byte) bool { return c < ' ' || c > '~' })
}

// What cannot be stored at all is not confirmed, stops no other, and is stored when the database takes it.
func TestOutcomeThatIsRefusedInEveryFormIsSetAside(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		b.refuse, b.refuseBare = only("run-0001"), only("run-0001")
		b.submit(outcomes(0, 3))
		sleep(b.wait)
		require.Equal(t, []string{storedNothing}, b.refused)
		b.submit(outcomes(3, 2))
		sleep(b.wait)
		want := []store.Held{{RunID: "run-0000", Token: 0}, {RunID: "run-0002", Token: 2}, {RunID: "run-0003", Token: 3}, {RunID: "run-0004", Token: 4}}
		require.Equal(t, want, b.told(), "its worker keeps it")

		sleep(10*time.Minute + time.Second)
		require.Equal(t, want, b.told())
		require.InDelta(t, 10*time.Minute/asideEvery, len(b.bare), 2, "it is tried now and then")

		b.set(func() { b.away = true })
		sleep(asideEvery)
		b.set(func() { b.away, b.refuseBare = false, nil })
		sleep(asideEvery)
		require.Equal(t, append(want, store.Held{RunID: "run-0001", Token: 1}), b.told())
		require.Equal(t, bareReason, b.stored["run-0001"].Result.Reason)
		tried := len(b.bare)
		sleep(time.Hour)
		require.Len(t, b.bare, tried, "and then no more")
		require.Empty(t, b.aside)
	})
}

// Its worker tells the outcome again on another stream: it is stored whole when it can be, and what was set aside of it
// is forgotten.
func TestOutcomeThatWasSetAsideIsReportedAgain(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		b.refuse, b.refuseBare = only("run-0001"), only("run-0001")
		b.submit(outcomes(1, 1))
		sleep(b.wait)
		b.submit(outcomes(1, 1))
		sleep(b.wait)
		require.Len(t, b.aside, 1)
		b.set(func() { b.refuse, b.refuseBare = nil, nil })
		b.submit(outcomes(1, 1))
		sleep(b.wait)
		require.Equal(t, []store.Held{{RunID: "run-0001", Token: 1}}, b.told())
		require.Equal(t, "success", string(b.stored["run-0001"].Result.Response))
		sleep(time.Hour)
		require.Len(t, b.told(), 1)
	})
}

// Another master stored it meanwhile, or its run was recovered: it is refused by its token, and forgotten.
func TestOutcomeThatWasSetAsideIsSuperseded(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		b.refuse, b.refuseBare = only("run-0001"), only("run-0001")
		b.submit(outcomes(1, 1))
		sleep(b.wait)
		b.set(func() { b.refuseBare, b.stale = nil, map[string]bool{"run-0001": true} })
		sleep(asideEvery)
		require.Len(t, b.told(), 1)
		require.Empty(t, b.stored)
		require.Contains(t, b.log.String(), "superseded")
	})
}

func TestWhatIsSetAsideIsBounded(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		every := func(core.Outcome) bool { return true }
		b.refuse, b.refuseBare = every, every
		b.submit(outcomes(0, maxAside+100))
		sleep(b.wait)
		require.Empty(t, b.told(), "workers keep those for which there is no room, too")
		require.Len(t, b.aside, maxAside)
		require.Len(t, b.refused, maxAside+100)
		b.set(func() { b.refuse, b.refuseBare = nil, nil })
		sleep(2 * asideEvery)
		require.Len(t, b.told(), maxAside)
		require.Empty(t, b.aside)
	})
}

// A database that goes away between the forms is waited for; it says nothing about the outcome.
func TestDatabaseGoesAwayWhileAnOutcomeIsRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBundle(t, core.Batches{})
		b.refuse = only("run-0001")
		b.opts.Store = &failingBare{history: b.history, left: 3}
		b.Start(t.Context())
		b.submit(outcomes(1, 1))
		sleep(time.Second)
		require.Equal(t, []string{storedBare}, b.refused)
		require.Len(t, b.told(), 1)
		b.Stop(context.Background())
	})
}

// failingBare lets the first bare records time out.
type failingBare struct {
	*history
	left int
}

func (f *failingBare) RecordBare(ctx context.Context, o core.Outcome, reason string) (store.Recorded, error) {
	if f.left--; f.left >= 0 {
		return store.Recorded{}, fmt.Errorf("commit: %w", context.DeadlineExceeded)
	}
	return f.history.RecordBare(ctx, o, reason)
}
