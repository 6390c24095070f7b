package store

import (
	"context"
	"errors"

	"gorm.io/gorm"

	"github.com/carillonhq/carillon/core"
)

// AdoptUser stores a user who was brought from another system, under the id that the user has there. When that id is 0 or
// somebody else's a new one is given. A taken name is a conflict.
func (s *Store) AdoptUser(ctx context.Context, u *core.User) error {
	return s.write(ctx, func(t tx) error {
		row := toUserRow(u)
		if row.ID != 0 {
			err := t.db.Where("id = ?", row.ID).Take(&userRow{}).Error
			switch {
			case err == nil:
				row.ID = 0
			case !errors.Is(err, gorm.ErrRecordNotFound):
				return err
			}
		}
		err := t.db.Create(&row).Error
		if t.words.classify(err) == duplicateError {
			return core.Conflict("there is a user named %s already", u.Name)
		}
		if err != nil {
			return err
		}
		u.ID = row.ID
		if s.kind == Postgres {
			// Its sequence does not see ids that are given, and would give them again.
			if _, err := t.strings("SELECT setval(pg_get_serial_sequence('users', 'id'), (SELECT max(id) FROM users))"); err != nil {
				return err
			}
		}
		return t.auditUser("create", s.Now(), u, core.Changes(nil, u))
	})
}
