package manage

import (
	"context"
	"slices"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

// SystemLog is the service of the masters' own log lines, as far as the settings have them kept.
type SystemLog struct{ store *store.Store }

// LogQuery narrows the system log. Empty fields do not narrow.
type LogQuery struct {
	Least    core.LogLevel // lines of this level and above
	Node     string        // to the letter
	Text     string        // in the message or the attributes, in any case
	From, To time.Time     // at or after From and before To, to the millisecond
	Before   string        // id of the last line of the page before
	Limit    int           // at least 1
}

const (
	// logChunk is how many lines are read at once where some may be passed over.
	logChunk = 1000
	// logDepth is how many lines are looked through for one page.
	logDepth = 20_000
)

// List lists lines from the latest. It looks through a bounded number of them: next is the line after which to look further,
// empty when there are no more, and a page may have fewer lines than there is room for.
func (s *SystemLog) List(ctx context.Context, q LogQuery) (lines []core.LogRecord, next string, err error) {
	f := store.LogFilter{Levels: levelsFrom(q.Least), From: q.From, To: q.To, Before: q.Before, Limit: q.Limit + 1}
	if q.Node != "" || q.Text != "" {
		f.Limit = logChunk
	}
	for looked := 0; looked < logDepth; looked += f.Limit {
		found, err := s.store.SystemLog(ctx, f)
		if err != nil {
			return nil, "", err
		}
		for i := range found {
			if len(lines) == q.Limit {
				return lines, f.Before, nil
			}
			f.Before = found[i].ID
			if (q.Node == "" || found[i].Node == q.Node) && found[i].Holds(q.Text) {
				lines = append(lines, found[i])
			}
		}
		if len(found) < f.Limit {
			return lines, "", nil
		}
	}
	return lines, f.Before, nil
}

// Latest is the id of the latest line; empty when there is none.
func (s *SystemLog) Latest(ctx context.Context) (string, error) {
	lines, err := s.store.SystemLog(ctx, store.LogFilter{Limit: 1})
	if err != nil || len(lines) == 0 {
		return "", err
	}
	return lines[0].ID, nil
}

// levelsFrom are the levels from one on; all when it is none of them.
func levelsFrom(least core.LogLevel) []core.LogLevel {
	all := core.LogLevels()
	return all[max(0, slices.Index(all, least)):]
}
