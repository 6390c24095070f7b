package fleet

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/rpc"
	"github.com/carillonhq/carillon/store"
)

func logOf(h store.Held, text string) *rpc.Log {
	return &rpc.Log{RunId: h.RunID, Token: h.Token, First: 3, Lines: []*rpc.LogLine{{At: 5, Level: "info", Text: text}}}
}

// holdNotes lets no note be stored until the channel is closed.
func (b *bundle) holdNotes() chan struct{} {
	hold := make(chan struct{})
	b.kept.mu.Lock()
	defer b.kept.mu.Unlock()
	b.kept.holdNotes = hold
	return hold
}

func TestNotesOfAllStreamsAreStoredTogether(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		one, two := b.join(hello("w1")), b.join(hello("w2"))
		h, other := store.Held{RunID: "run", Token: 7}, store.Held{RunID: "other", Token: 8}
		began := time.Now()
		one.say(&rpc.Started{Runs: listed(h), At: 1})
		two.say(&rpc.Started{Runs: listed(other), At: 2})
		one.say(logOf(h, "hello"))
		sleep(notesEvery - 1)
		require.Empty(t, b.kept.seen().batches, "they are gathered")
		sleep(1)
		require.Equal(t, notesEvery, time.Since(began))
		require.Len(t, b.kept.seen().batches, 1)
		require.ElementsMatch(t, []store.Note{
			{Held: h, BeganAt: rpc.Instant(1)}, {Held: other, BeganAt: rpc.Instant(2)},
			{Held: h, First: 3, Lines: []core.LogLine{{At: rpc.Instant(5), Level: "info", Text: "hello"}}},
		}, b.kept.seen().batches[0])
	})
}

// Whoever looks at a run that has ended finds its whole log.
func TestNotesOfARunAreStoredBeforeItsOutcome(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		w := b.join(hello("w1"))
		held := b.give(2)
		hold := b.holdNotes()
		began := time.Now()
		w.say(logOf(held[0], "the last words"))
		w.say([]*rpc.Outcome{outcome(held[1], core.RunSucceeded)})
		synctest.Wait()
		require.Len(t, b.kept.seen().reports, 1, "one of which there are no notes waits for none")
		w.say([]*rpc.Outcome{outcome(held[0], core.RunSucceeded)})
		synctest.Wait()
		require.Len(t, b.kept.seen().reports, 1)
		close(hold)
		synctest.Wait()
		require.Len(t, b.kept.seen().batches, 1)
		require.Len(t, b.kept.seen().reports, 2)
		require.Zero(t, time.Since(began), "and the outcome is not held up by the gathering")
	})
}

// The readers of streams have heartbeats to take in.
func TestNotesHoldUpNoHeartbeat(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		w := b.join(hello("w1"))
		h := b.give(1)[0]
		w.hear()
		defer close(b.holdNotes())
		w.say(logOf(h, "hello"))
		sleep(time.Second)
		w.say(&rpc.Heartbeat{Sequence: 1, Held: listed(h)})
		require.EqualValues(t, 1, w.hear().GetHeartbeatAck().GetSequence())
	})
}

func TestTooManyNotesMakeWorkersWait(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		w := b.join(hello("w1"))
		h := b.give(1)[0]
		w.hear()
		hold := b.holdNotes()
		text := strings.Repeat("x", 1<<20)
		for range maxNotes>>20 + 1 {
			w.say(logOf(h, text))
		}
		w.say(&rpc.Heartbeat{Sequence: 1, Held: listed(h)})
		sleep(time.Second)
		require.LessOrEqual(t, b.notes.size, maxNotes+2<<20)
		require.Empty(t, b.kept.seen().beats, "the stream is not read on")
		close(hold)
		require.EqualValues(t, 1, w.hear().GetHeartbeatAck().GetSequence())
		sleep(time.Second)
		require.Zero(t, b.notes.size)
		require.Empty(t, b.notes.unsaved)
	})
}

// A note is worth no more than a line in the log of what could not be stored.
func TestNotesThatCannotBeStoredAreLeft(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		w := b.join(hello("w1"))
		h := b.give(1)[0]
		w.hear()
		b.kept.fail("notes", context.DeadlineExceeded)
		w.say(logOf(h, "lost"))
		w.say(nil) // a message of a later version
		w.say([]*rpc.Outcome{outcome(h, core.RunSucceeded)})
		synctest.Wait()
		require.Len(t, b.kept.seen().reports, 1, "its outcome is recorded all the same")
		require.Equal(t, 1, b.Workers(), "none of it ends the stream")
		b.kept.fail("notes", nil)
		w.say(logOf(h, "kept"))
		sleep(notesEvery)
		require.Len(t, b.kept.seen().batches, 1)
	})
}

func TestNoteThatIsRefusedCostsNoOther(t *testing.T) {
	t.Parallel()
	bad := errors.New("no such character")
	var kept []string
	n := newNotes(func(_ context.Context, batch []store.Note) error {
		for _, note := range batch {
			if note.RunID == "bad" {
				return bad
			}
		}
		for _, note := range batch {
			kept = append(kept, note.RunID)
		}
		return nil
	}, setup(t).opts.Logger)
	for _, id := range []string{"a", "b", "bad", "c", "d"} {
		require.NoError(t, n.add(t.Context(), store.Note{Held: store.Held{RunID: id}, Lines: []core.LogLine{{}}}))
	}
	n.save(t.Context())
	require.Equal(t, []string{"a", "b", "c", "d"}, kept)
}

func TestNotesAreStoredBeforeAStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { b.Run(ctx); close(done) }()
		w := b.join(hello("w1"))
		w.say(logOf(store.Held{RunID: "run", Token: 1}, "hello"))
		synctest.Wait()
		b.Stop()
		stop()
		<-done
		require.Len(t, b.kept.seen().batches, 1)
	})
}

// A stream that ends while its reader waits for the store leaves nothing behind.
func TestWaitForNotesEndsWithTheStream(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		w := b.join(hello("w1"))
		h := b.give(1)[0]
		hold := b.holdNotes()
		w.say(logOf(h, "hello"))
		w.say([]*rpc.Outcome{outcome(h, core.RunSucceeded)})
		synctest.Wait()
		w.cut(errCut)
		require.Error(t, <-w.served)
		require.Zero(t, b.Workers())
		require.Empty(t, b.kept.seen().reports, "the worker keeps the outcome and tells it again")
		close(hold)
	})
}
