package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/carillonhq/carillon/core"
)

const sessionColumns = "s.id, s.user_id, s.created_at, s.seen_at, s.address, s.agent"

// CreateSession stores a new session.
func (s *Store) CreateSession(ctx context.Context, n *core.Session) error {
	return s.write(ctx, func(t tx) error {
		_, err := t.exec("INSERT INTO sessions (id,user_id,created_at,seen_at,address,agent) VALUES (?,?,?,?,?,?)",
			n.ID, n.UserID, micros(n.CreatedAt), micros(n.SeenAt), n.Address, n.Agent)
		return err
	})
}

// Session reads a session, with how its user wants to see the pages. One that ended is not found.
func (s *Store) Session(ctx context.Context, id string) (*core.Session, core.Preferences, error) {
	var (
		n             core.Session
		p             core.Preferences
		created, seen int64
	)
	found, err := s.read(ctx).one([]any{&n.ID, &n.UserID, &created, &seen, &n.Address, &n.Agent, &p.Language, &p.Zone, &p.Theme},
		"SELECT "+sessionColumns+`, coalesce(p.language, ''), coalesce(p.zone, ''), coalesce(p.theme, '')
			FROM sessions s LEFT JOIN preferences p ON p.user_id = s.user_id WHERE s.id = ?`, id)
	if err == nil && !found {
		err = core.NotFound("the session has ended")
	}
	n.CreatedAt, n.SeenAt = instant(created), instant(seen)
	return &n, p, s.edge(err)
}

// Sessions lists a user's sessions, the one heard of last first.
func (s *Store) Sessions(ctx context.Context, userID int64) ([]core.Session, error) {
	var sessions []core.Session
	err := s.read(ctx).each(func(rows *sql.Rows) error {
		var (
			n             core.Session
			created, seen int64
		)
		err := rows.Scan(&n.ID, &n.UserID, &created, &seen, &n.Address, &n.Agent)
		n.CreatedAt, n.SeenAt = instant(created), instant(seen)
		sessions = append(sessions, n)
		return err
	}, "SELECT "+sessionColumns+" FROM sessions s WHERE s.user_id = ? ORDER BY s.seen_at DESC, s.id", userID)
	return sessions, s.edge(err)
}

// TouchSession notes when a session was heard of last.
func (s *Store) TouchSession(ctx context.Context, id string, seen time.Time) error {
	return s.write(ctx, func(t tx) error {
		_, err := t.exec("UPDATE sessions SET seen_at = ? WHERE id = ?", micros(seen), id)
		return err
	})
}

// EndSession ends a session of a user. One that has ended, or is another's, is not found.
func (s *Store) EndSession(ctx context.Context, userID int64, id string) error {
	return s.write(ctx, func(t tx) error {
		n, err := t.exec("DELETE FROM sessions WHERE id = ? AND user_id = ?", id, userID)
		if err == nil && n == 0 {
			return core.NotFound("the session has ended")
		}
		return err
	})
}

// PruneSessions deletes the sessions of those who signed in before one instant, or were not heard of since another.
func (s *Store) PruneSessions(ctx context.Context, signedIn, seen time.Time) (n int64, err error) {
	err = s.write(ctx, func(t tx) error {
		n, err = t.exec("DELETE FROM sessions WHERE created_at < ? OR seen_at < ?", micros(signedIn), micros(seen))
		return err
	})
	return n, err
}

// SavePreferences stores how a user wants to see the pages.
func (s *Store) SavePreferences(ctx context.Context, userID int64, p core.Preferences) error {
	return s.write(ctx, func(t tx) error {
		return t.upsert(into{
			table: "preferences", columns: "user_id,language,zone,theme", key: "user_id",
			update: "language = excluded.language, zone = excluded.zone, theme = excluded.theme",
		}, userID, p.Language, p.Zone, p.Theme)
	})
}

// endSessions ends all sessions of a user.
func (t tx) endSessions(userID int64) error {
	_, err := t.exec("DELETE FROM sessions WHERE user_id = ?", userID)
	return err
}
