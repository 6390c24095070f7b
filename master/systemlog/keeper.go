// Package systemlog keeps a master's own log lines in the database, so that they can be read in the pages of any master. A
// Keeper stands before the process's log: whatever is logged goes there as before, and a copy of each line of the level that
// the setting System_LogLevel says waits in memory until a duty stores it with the others, every second.
//
// Logging never waits for the database, and memory is bounded: when more lines come than can be stored, the latest are
// dropped and counted, and the count is a line of its own. What the storing itself logs is not kept, for it would have
// itself stored again. What workers log stays in their own logs.
package systemlog

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/carillonhq/carillon/core"
)

const (
	// room is how many lines may wait.
	room = 4096
	// batch is how many lines one transaction stores.
	batch = 500
)

// Store is what keeping lines needs of the store. Now is the time by the database's clock.
type Store interface {
	AddLog(ctx context.Context, lines []core.LogRecord) error
	Now() time.Time
}

// Settings are the settings in force.
type Settings interface {
	Current(ctx context.Context) (core.Settings, error)
}

// Keeper keeps lines. Its RunOnce is called every second on each master.
type Keeper struct {
	node  string
	store Store
	least atomic.Int64 // slog.Level

	mu      sync.Mutex
	waiting []core.LogRecord
	dropped int
	last    time.Time // instant of the last id
}

// New makes the Keeper of the master of a name. It keeps lines of level Info and above until it has read the settings.
func New(node string, store Store) *Keeper { return &Keeper{node: node, store: store} }

// Handler gives a handler that hands every line on to next and leaves a copy for the Keeper.
func (k *Keeper) Handler(next slog.Handler) slog.Handler { return &handler{keeper: k, next: next} }

// RunOnce stores the lines that wait. On an error they wait on, as far as there is room.
func (k *Keeper) RunOnce(ctx context.Context, settings Settings) error {
	if s, err := settings.Current(ctx); err == nil {
		k.least.Store(int64(s.LogLevel.Slog()))
	}
	ctx = context.WithValue(ctx, ownKey{}, true)
	for {
		lines := k.take()
		if len(lines) == 0 {
			return nil
		}
		if err := k.store.AddLog(ctx, lines); err != nil {
			k.putBack(lines)
			return err
		}
		if len(lines) < batch {
			return nil
		}
	}
}

// take takes the first lines that wait; when some were dropped and there is room again, with a line that says so.
func (k *Keeper) take() []core.LogRecord {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.dropped > 0 && len(k.waiting) < room {
		k.waiting = append(k.waiting, k.record(slog.LevelWarn, "lines of this log were dropped: more came than could be stored", fmt.Sprint("lines=", k.dropped)))
		k.dropped = 0
	}
	n := min(batch, len(k.waiting))
	lines := k.waiting[:n:n]
	k.waiting = append([]core.LogRecord(nil), k.waiting[n:]...)
	return lines
}

func (k *Keeper) putBack(lines []core.LogRecord) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.waiting = append(lines, k.waiting...)
	if over := len(k.waiting) - room; over > 0 {
		k.waiting, k.dropped = k.waiting[:room], k.dropped+over
	}
}

func (k *Keeper) keep(level slog.Level, message, attributes string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.waiting) >= room {
		k.dropped++
		return
	}
	k.waiting = append(k.waiting, k.record(level, message, attributes))
}

func (k *Keeper) record(level slog.Level, message, attributes string) core.LogRecord {
	now := k.store.Now()
	// Ids order lines by the millisecond; those of one are told apart by taking the next ones.
	if k.last = k.last.Add(time.Millisecond); now.After(k.last) {
		k.last = now
	}
	return core.LogRecord{
		ID: core.RunID(k.last, "l:"+rand.Text()), At: now, Level: core.LogLevelOf(level), Node: k.node,
		Message: clean(message, core.MaxLogMessage), Attributes: clean(attributes, core.MaxLogAttributes),
	}
}

// clean makes of a text what every database takes: valid UTF-8 without NUL, and not too long.
func clean(text string, most int) string {
	if len(text) > most {
		text = text[:most] + "…"
	}
	return strings.ReplaceAll(strings.ToValidUTF8(text, "�"), "\x00", "�")
}

// ownKey marks the context of the Keeper's own work.
type ownKey struct{}
