package store

import (
	"context"
	"database/sql"
	"slices"
	"time"
)

// Notice is a message owed to people about a run that failed for good. It is born in the transaction that records the
// failure.
type Notice struct {
	RunID string
	// TaskID or DelayedID says what the run belongs to; the other one is empty.
	TaskID    string
	DelayedID string
	// CreatedBy is the user who created the delayed task; 0 for a task's notice, and when the delayed task is gone.
	CreatedBy int64
	// Tries is how often telling people has failed.
	Tries   int
	NextTry time.Time
}

// DueNotices gives up to limit notices whose next try has come by the database's clock, the longest due first.
func (s *Store) DueNotices(ctx context.Context, limit int) ([]Notice, error) {
	var due []Notice
	err := s.read(ctx).each(func(rows *sql.Rows) error {
		var (
			n       Notice
			creator sql.NullInt64
			next    int64
		)
		err := rows.Scan(&n.RunID, &n.TaskID, &n.DelayedID, &creator, &n.Tries, &next)
		n.CreatedBy, n.NextTry = creator.Int64, instant(next)
		due = append(due, n)
		return err
	}, `SELECT n.run_id, n.task_id, n.delayed_id, d.created_by, n.tries, n.next_try
		FROM notices n LEFT JOIN delayed_tasks d ON d.id = n.delayed_id
		WHERE n.next_try <= ? ORDER BY n.next_try, n.run_id LIMIT ?`, micros(s.Now()), limit)
	return due, s.edge(err)
}

// DeleteNotices deletes the notices of runs: people were told, or nobody is to be. Many are deleted in several
// transactions, so that recording never waits long.
func (s *Store) DeleteNotices(ctx context.Context, runIDs []string) error {
	return s.eachNotice(ctx, runIDs, "DELETE FROM notices WHERE run_id IN ")
}

// PostponeNotices moves the next try of the notices of runs, and counts a try when countTry says so. Many are moved in
// several transactions.
func (s *Store) PostponeNotices(ctx context.Context, runIDs []string, next time.Time, countTry bool) error {
	tries := 0
	if countTry {
		tries = 1
	}
	return s.eachNotice(ctx, runIDs, "UPDATE notices SET tries = tries + ?, next_try = ? WHERE run_id IN ", tries, micros(next))
}

// eachNotice runs a statement that ends in a list of run ids, a transaction for each list.
func (s *Store) eachNotice(ctx context.Context, runIDs []string, statement string, args ...any) error {
	return eachIn(runIDs, func(list string, ids []any) error {
		return s.write(ctx, func(t tx) error {
			_, err := t.exec(statement+list, slices.Concat(args, ids)...)
			return err
		})
	})
}
