package store

import (
	"cmp"
	"context"
	"database/sql"
	"maps"
	"slices"
	"time"

	"github.com/carillonhq/carillon/core"
)

// HourCount is how many runs ended in one way in one hour, of those whose lateness falls into one bucket
// (core.Run.LatenessBucket).
type HourCount struct {
	Hour     time.Time // its beginning, UTC
	Outcome  core.RunState
	Lateness int
	Runs     int64
}

// HourlyCounts gives the counters of a namespace from the hour on that an instant lies in, in order.
func (s *Store) HourlyCounts(ctx context.Context, namespace string, since time.Time) ([]HourCount, error) {
	var counts []HourCount
	err := s.read(ctx).each(func(rows *sql.Rows) error {
		var (
			c    HourCount
			hour int64
		)
		err := rows.Scan(&hour, &c.Outcome, &c.Lateness, &c.Runs)
		c.Hour = time.Unix(hour*3600, 0).UTC()
		counts = append(counts, c)
		return err
	}, "SELECT hour, outcome, lateness, runs FROM hourly_counts WHERE namespace = ? AND hour >= ? ORDER BY hour, outcome, lateness", namespace, hourOf(since))
	return counts, s.edge(err)
}

// PruneCounts deletes counters of the hours before an instant and gives how many rows those were.
func (s *Store) PruneCounts(ctx context.Context, before time.Time) (n int64, err error) {
	err = s.write(ctx, func(t tx) error {
		n, err = t.exec("DELETE FROM hourly_counts WHERE hour < ?", hourOf(before))
		return err
	})
	return n, err
}

type hourKey struct {
	namespace, outcome string
	hour               int64
	lateness           int
}

// countHours adds ended runs to the hourly counters, each firing of a stretch that was missed by itself.
func (t tx) countHours(runs []*core.Run) error {
	hours := map[hourKey]int{}
	for _, r := range runs {
		hours[hourKey{r.Namespace, string(r.State), hourOf(r.RecordedAt), r.LatenessBucket()}] += r.Count
	}
	keys := slices.SortedFunc(maps.Keys(hours), func(a, b hourKey) int {
		return cmp.Or(cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.hour, b.hour), cmp.Compare(a.outcome, b.outcome), cmp.Compare(a.lateness, b.lateness))
	})
	_, err := insertRows(t, into{
		table: "hourly_counts", columns: "namespace,hour,outcome,lateness,runs", key: "namespace,hour,outcome,lateness", update: "runs = hourly_counts.runs + excluded.runs",
	}, keys, func(k hourKey, args []any) []any {
		return append(args, k.namespace, k.hour, k.outcome, k.lateness, hours[k])
	})
	return err
}

// hourOf is the number of the hour since 1970 that t lies in, UTC.
func hourOf(t time.Time) int64 { return t.Unix() / 3600 }
