package fleet

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/carillonhq/carillon/store"
)

const (
	// notesEvery is how long notes are gathered so that one transaction stores those of many runs.
	notesEvery = 50 * time.Millisecond
	// maxNotes bounds the bytes of notes that wait. Beyond it the streams that bring more are not read.
	maxNotes = 8 << 20
	// notesTimeout bounds the wait for the database's writer, and with it that of an outcome for the notes before it.
	notesTimeout = 3 * time.Second
	// noteSize is what a note, or a line of one, takes beside its text, roughly.
	noteSize = 128
)

// notes stores what workers say of runs under way: that they began, lines of their logs. It gathers them from all streams,
// off their readers, which have outcomes and heartbeats to take in. Notes may be lost: by a crash before they are stored,
// or when the database is away.
type notes struct {
	take func(context.Context, []store.Note) error
	log  *slog.Logger
	// some says that notes wait, urgent that somebody waits for them; each holds one signal at most.
	some, urgent chan struct{}

	mu      sync.Mutex
	waiting []store.Note
	size    int            // bytes of those that are not stored
	unsaved map[string]int // notes not stored, by run
	stored  chan struct{}  // closed, and made anew, when a batch was
}

func newNotes(take func(context.Context, []store.Note) error, log *slog.Logger) *notes {
	return &notes{
		take: take, log: log, some: make(chan struct{}, 1), urgent: make(chan struct{}, 1), unsaved: map[string]int{},
		stored: make(chan struct{}),
	}
}

// add hands notes over. It waits while too many wait to be stored.
func (n *notes) add(ctx context.Context, batch ...store.Note) error {
	n.mu.Lock()
	for n.size >= maxNotes {
		if err := n.awaitLocked(ctx); err != nil {
			n.mu.Unlock()
			return err
		}
	}
	n.waiting = append(n.waiting, batch...)
	n.size += sizeOf(batch)
	for _, note := range batch {
		n.unsaved[note.RunID]++
	}
	n.mu.Unlock()
	signal(n.some)
	return nil
}

// settle waits until no note of these runs waits any more. Their outcomes come next: a line that is stored after its run
// has ended is missing where somebody looks, and stays when the run is deleted.
func (n *notes) settle(ctx context.Context, runs []string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	for n.anyLocked(runs) {
		if err := n.awaitLocked(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (n *notes) anyLocked(runs []string) bool {
	if len(n.unsaved) == 0 {
		return false
	}
	for _, id := range runs {
		if n.unsaved[id] > 0 {
			return true
		}
	}
	return false
}

// awaitLocked has what waits stored without delay and waits for the next batch to be, without the mutex.
func (n *notes) awaitLocked(ctx context.Context) error {
	stored := n.stored
	n.mu.Unlock()
	defer n.mu.Lock()
	signal(n.urgent)
	select {
	case <-stored:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run stores notes until ctx ends, and then those that are left.
func (n *notes) run(ctx context.Context) {
	for {
		select {
		case <-n.some:
		case <-ctx.Done():
			n.save(context.WithoutCancel(ctx))
			return
		}
		timer := time.NewTimer(notesEvery)
		select {
		case <-timer.C:
		case <-n.urgent:
		case <-ctx.Done():
		}
		timer.Stop()
		n.save(context.WithoutCancel(ctx))
	}
}

// save stores what waits.
func (n *notes) save(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, notesTimeout)
	defer cancel()
	n.mu.Lock()
	batch := n.waiting
	n.waiting = nil
	n.mu.Unlock()
	n.store(ctx, batch)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.size -= sizeOf(batch)
	for _, note := range batch {
		if n.unsaved[note.RunID]--; n.unsaved[note.RunID] == 0 {
			delete(n.unsaved, note.RunID)
		}
	}
	close(n.stored)
	n.stored = make(chan struct{})
}

// store stores notes, in two halves when the database refuses one of them, so that it costs the others nothing.
func (n *notes) store(ctx context.Context, batch []store.Note) {
	if len(batch) == 0 {
		return
	}
	err := n.take(ctx, batch)
	switch {
	case err == nil:
	case store.Refused(err) && len(batch) > 1:
		n.store(ctx, batch[:len(batch)/2])
		n.store(ctx, batch[len(batch)/2:])
	default:
		n.log.Error("notes of workers could not be stored", "notes", len(batch), "run", batch[0].RunID, "error", err)
	}
}

func sizeOf(batch []store.Note) (size int) {
	for _, note := range batch {
		size += noteSize
		for _, l := range note.Lines {
			size += noteSize + len(l.Text)
		}
	}
	return size
}

func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
