package store

import (
	"context"
	"errors"

	"gorm.io/gorm"

	"github.com/carillonhq/carillon/core"
)

// Secret gives the cluster's secret of this name. When it has none yet, value is stored and given; so whoever comes
// first decides. An empty value stores nothing.
func (s *Store) Secret(ctx context.Context, name, value string) (string, error) {
	// Every worker that connects asks, so the writer's turn is taken only when there is something to write.
	stored, err := s.read(ctx).secret(name)
	if err != nil || stored != "" || value == "" {
		return stored, s.edge(err)
	}
	err = s.write(ctx, func(t tx) error {
		if err := t.upsert(into{table: secretsTable, columns: "name,value", key: "name", keep: true}, name, value); err != nil {
			return err
		}
		stored, err = t.secret(name)
		return err
	})
	return stored, err
}

// secret reads a secret; empty when there is none.
func (t tx) secret(name string) (string, error) {
	var stored named
	err := t.db.Table(secretsTable).Where("name = ?", name).Take(&stored).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return "", nil
	}
	return stored.Value, err
}

// Secrets reads the cluster's secrets of these names, as far as there are such, all as of one moment.
func (s *Store) Secrets(ctx context.Context, names ...string) (map[string]string, error) {
	var rows []named
	if err := s.read(ctx).db.Table(secretsTable).Where("name IN ?", names).Find(&rows).Error; err != nil {
		return nil, s.edge(err)
	}
	values := make(map[string]string, len(rows))
	for _, r := range rows {
		values[r.Name] = r.Value
	}
	return values, nil
}

// ReplaceSecret changes the cluster's secret of this name from old to value, and stores another one beside it. It says
// whether the secret was still old: otherwise somebody else changed it meanwhile, and nothing is stored.
func (s *Store) ReplaceSecret(ctx context.Context, name, old, value, beside, besideValue string) (replaced bool, err error) {
	err = s.write(ctx, func(t tx) error {
		res := t.db.Table(secretsTable).Where("name = ? AND value = ?", name, old).Update("value", value)
		if replaced = res.RowsAffected == 1; res.Error != nil || !replaced {
			return res.Error
		}
		if err := t.put(secretsTable, named{beside, besideValue}); err != nil {
			return err
		}
		return t.audit(s.Now(), "rotate", core.AuditJoinToken, "", name, []core.FieldChange{{Field: name, Before: masked(old), After: masked(value)}})
	})
	return replaced && err == nil, err
}

// SetSecret replaces the cluster's secret of this name.
func (s *Store) SetSecret(ctx context.Context, name, value string) error {
	return s.write(ctx, func(t tx) error { return t.put(secretsTable, named{name, value}) })
}
