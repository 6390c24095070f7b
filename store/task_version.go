package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/carillonhq/carillon/core"
)

// versionsKept is how many definitions are kept of a task, with the one in force.
const versionsKept = 200

// noteVersion keeps what a task says from a version on.
func (t tx) noteVersion(k *core.Task, version int64, at time.Time) error {
	author, _ := core.AuthorOf(t.ctx)
	if _, err := t.exec("INSERT INTO task_versions (task_id,version,noted_at,user_name,kind,title,remark,definition) VALUES (?,?,?,?,?,?,?,?)",
		k.ID, version, micros(at), author.UserName, string(k.Kind), k.Title, k.Remark, encode(&k.Definition)); err != nil {
		return err
	}
	// The oldest makes room.
	var oldest int64
	found, err := t.one([]any{&oldest}, "SELECT version FROM task_versions WHERE task_id = ? ORDER BY version DESC LIMIT 1 OFFSET ?", k.ID, versionsKept)
	if err != nil || !found {
		return err
	}
	_, err = t.exec("DELETE FROM task_versions WHERE task_id = ? AND version <= ?", k.ID, oldest)
	return err
}

// TaskVersion is what a task said from a version on, until the next that there is one of.
type TaskVersion struct {
	Version int64
	At      time.Time
	By      string // name of the user who said so; empty where nobody knows
	Kind    core.TaskKind
	Title   string
	Remark  string
	core.Definition
}

// TaskVersions lists what a task said, from the latest, at most limit, and before a version when one is given.
func (s *Store) TaskVersions(ctx context.Context, taskID string, before int64, limit int) ([]TaskVersion, error) {
	const columns = "SELECT version, noted_at, user_name, kind, title, remark, definition FROM task_versions WHERE task_id = ?"
	query, args := columns, []any{taskID}
	if before > 0 {
		query += " AND version < ?"
		args = append(args, before)
	}
	var versions []TaskVersion
	err := s.read(ctx).each(func(rows *sql.Rows) error {
		var (
			v   TaskVersion
			at  int64
			def string
		)
		if err := rows.Scan(&v.Version, &at, &v.By, &v.Kind, &v.Title, &v.Remark, &def); err != nil {
			return err
		}
		v.At = instant(at)
		if err := json.Unmarshal([]byte(def), &v.Definition); err != nil {
			return fmt.Errorf("definition %d of task %s: %w", v.Version, taskID, err)
		}
		versions = append(versions, v)
		return nil
	}, query+" ORDER BY version DESC LIMIT ?", append(args, limit)...)
	return versions, s.edge(err)
}
