package store

import (
	"context"
	"errors"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// named is a row of settings or of secrets.
type named struct {
	Name  string `gorm:"primaryKey"`
	Value string
}

const (
	settingsTable = "settings"
	secretsTable  = "secrets"
)

// Settings reads the settings that have been changed from their defaults, by name.
func (s *Store) Settings(ctx context.Context) (map[string]string, error) {
	var rows []named
	if err := s.read(ctx).db.Table(settingsTable).Find(&rows).Error; err != nil {
		return nil, s.edge(err)
	}
	values := make(map[string]string, len(rows))
	for _, r := range rows {
		values[r.Name] = r.Value
	}
	return values, nil
}

// SaveSettings stores settings, all or none.
func (s *Store) SaveSettings(ctx context.Context, values map[string]string) error {
	return s.write(ctx, func(t tx) error {
		for name, value := range values {
			if err := t.put(settingsTable, named{name, value}); err != nil {
				return err
			}
		}
		return nil
	})
}

// Secret gives the cluster's secret of this name. When it has none yet, value is stored and given; so whoever comes
// first decides. An empty value stores nothing.
func (s *Store) Secret(ctx context.Context, name, value string) (string, error) {
	var stored named
	err := s.write(ctx, func(t tx) error {
		if value != "" {
			if err := t.db.Table(secretsTable).Clauses(clause.OnConflict{DoNothing: true}).Create(&named{name, value}).Error; err != nil {
				return err
			}
		}
		err := t.db.Table(secretsTable).Where("name = ?", name).Take(&stored).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return nil
		}
		return err
	})
	return stored.Value, err
}

// SetSecret replaces the cluster's secret of this name.
func (s *Store) SetSecret(ctx context.Context, name, value string) error {
	return s.write(ctx, func(t tx) error { return t.put(secretsTable, named{name, value}) })
}

// put stores a named value in place of the one there may be.
func (t tx) put(table string, row named) error {
	return t.db.Table(table).Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error
}
