package store

import (
	"context"
	"maps"
	"slices"

	"github.com/carillonhq/carillon/core"
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
		changes, err := t.settingChanges(values)
		if err != nil {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(values)) {
			if err := t.put(settingsTable, named{name, values[name]}); err != nil {
				return err
			}
		}
		return t.audit(s.Now(), "edit", core.AuditSettings, "", "", changes)
	})
}

// settingChanges tells, for the audit, which of the values to be stored are new.
func (t tx) settingChanges(values map[string]string) ([]core.FieldChange, error) {
	if !t.audits() {
		return nil, nil
	}
	var rows []named
	if err := t.db.Table(settingsTable).Find(&rows).Error; err != nil {
		return nil, err
	}
	stored := map[string]string{}
	for _, r := range rows {
		stored[r.Name] = r.Value
	}
	var changes []core.FieldChange
	for _, spec := range core.SettingSpecs() {
		after, given := values[spec.Name]
		before, ok := stored[spec.Name]
		if !ok {
			before = spec.Default
		}
		if !given || before == after {
			continue
		}
		if spec.Secret {
			before, after = masked(before), masked(after)
		}
		changes = append(changes, core.FieldChange{Field: spec.Name, Before: before, After: after})
	}
	return changes, nil
}

func masked(secret string) string {
	if secret == "" {
		return ""
	}
	return core.Masked
}

// put stores a named value in place of the one there may be.
func (t tx) put(table string, row named) error {
	return t.upsert(into{table: table, columns: "name,value", key: "name", update: "value = excluded.value"}, row.Name, row.Value)
}
