package store

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/carillonhq/carillon/core"
)

// definitionKey names a definition that never changes.
type definitionKey struct {
	taskID  string
	version int64
}

// TaskDefinition is a definition with its callback, or a plugin's parameters, as workers get them. It is shared: nobody may
// change it.
type TaskDefinition struct {
	core.Definition
	CallbackJSON []byte
	ParamsJSON   []byte // nil unless it is a plugin's
}

// Definition gives the definition that a task's version fixes; nil when the task has moved on to another version,
// or when it cannot be read.
func (s *Store) Definition(ctx context.Context, taskID string, version int64) (*TaskDefinition, error) {
	defs, err := s.definitionsOf(s.read(ctx), map[string]int64{taskID: version})
	return defs[taskID], s.edge(err)
}

// Definitions gives the definitions of many tasks, by task id. Those that have moved on are left out.
func (s *Store) Definitions(ctx context.Context, versions map[string]int64) (map[string]*TaskDefinition, error) {
	defs, err := s.definitionsOf(s.read(ctx), versions)
	return defs, s.edge(err)
}

func (s *Store) definitionsOf(t tx, versions map[string]int64) (map[string]*TaskDefinition, error) {
	defs := make(map[string]*TaskDefinition, len(versions))
	var unknown []string
	for id, version := range versions {
		if def, ok := s.definitions.Get(definitionKey{id, version}); ok {
			defs[id] = def
		} else {
			unknown = append(unknown, id)
		}
	}
	err := eachIn(unknown, func(list string, args []any) error {
		return t.each(func(rows *sql.Rows) error {
			var (
				id, text string
				version  int64
			)
			if err := rows.Scan(&id, &version, &text); err != nil {
				return err
			}
			var stored core.Definition
			if err := json.Unmarshal([]byte(text), &stored); err != nil {
				// One bad row must not stop the others of its batch: its task is without definition.
				s.log.Error("a task's definition cannot be read", "task", id, "version", version, "error", err)
				return nil
			}
			def := forWorkers(stored)
			s.definitions.Add(definitionKey{id, version}, def, len(text))
			if version == versions[id] {
				defs[id] = def
			}
			return nil
		}, "SELECT t.id, p.version, t.definition FROM tasks t JOIN task_plans p ON p.task_id = t.id WHERE t.id IN "+list, args...)
	})
	return defs, err
}
