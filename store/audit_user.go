package store

import (
	"errors"
	"strconv"
	"time"

	"gorm.io/gorm"

	"github.com/carillonhq/carillon/core"
)

// auditUser keeps a change of a user.
func (t tx) auditUser(action string, now time.Time, u *core.User, changes []core.FieldChange) error {
	return t.audit(now, action, core.AuditUser, strconv.FormatInt(u.ID, 10), u.Name, changes)
}

// auditedUser reads a user whose change is to be kept, and keeps the row as it is until the transaction ends; nil when there
// is none, or nothing is to be kept.
func (t tx) auditedUser(id int64) (*core.User, error) {
	if !t.audits() {
		return nil, nil
	}
	var locked int64
	if found, err := t.one([]any{&locked}, "SELECT id FROM users WHERE id = ? FOR UPDATE", id); err != nil || !found {
		return nil, err
	}
	var row userRow
	err := t.db.Where("id = ?", id).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, nil
	}
	return row.user(), err
}
