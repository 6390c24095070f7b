package store

import (
	"context"
	"database/sql"
)

// Settings reads the settings that have been changed from their defaults, by name.
func (s *Store) Settings(ctx context.Context) (map[string]string, error) {
	values := map[string]string{}
	err := s.read(ctx).each(func(rows *sql.Rows) error {
		var name, value string
		err := rows.Scan(&name, &value)
		values[name] = value
		return err
	}, "SELECT name, value FROM settings")
	return values, s.edge(err)
}

// SaveSettings stores settings, all or none.
func (s *Store) SaveSettings(ctx context.Context, values map[string]string) error {
	return s.write(ctx, func(t tx) error {
		for name, value := range values {
			if _, err := t.exec("INSERT INTO settings (name,value) VALUES (?,?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
				name, value); err != nil {
				return err
			}
		}
		return nil
	})
}

// Secret gives the cluster's secret of this name. When it has none yet, value is stored and given; so whoever comes
// first decides. An empty value stores nothing.
func (s *Store) Secret(ctx context.Context, name, value string) (string, error) {
	var stored string
	err := s.write(ctx, func(t tx) error {
		if value != "" {
			if _, err := t.exec("INSERT INTO secrets (name,value) VALUES (?,?) ON CONFLICT (name) DO NOTHING", name, value); err != nil {
				return err
			}
		}
		_, err := t.one([]any{&stored}, "SELECT value FROM secrets WHERE name = ?", name)
		return err
	})
	return stored, err
}

// SetSecret replaces the cluster's secret of this name.
func (s *Store) SetSecret(ctx context.Context, name, value string) error {
	return s.write(ctx, func(t tx) error {
		_, err := t.exec("INSERT INTO secrets (name,value) VALUES (?,?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, value)
		return err
	})
}
