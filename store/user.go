package store

import (
	"context"

	"gorm.io/gorm"

	"github.com/carillonhq/carillon/core"
)

// userRow is a row of users.
type userRow struct {
	ID           int64
	Name         string
	DisplayName  string
	PasswordHash string
	SecretHash   string
	Role         string
	Email        string
	Disabled     bool
	MustChange   bool
	CreatedAt    int64 `gorm:"autoCreateTime:false"`
}

// TableName is what gorm asks for.
func (userRow) TableName() string { return "users" }

func toUserRow(u *core.User) userRow {
	return userRow{
		ID: u.ID, Name: u.Name, DisplayName: u.DisplayName, PasswordHash: u.PasswordHash, SecretHash: u.SecretHash,
		Role: string(u.Role), Email: u.Email, Disabled: u.Disabled, MustChange: u.MustChange, CreatedAt: micros(u.CreatedAt),
	}
}

func (r userRow) user() *core.User {
	return &core.User{
		ID: r.ID, Name: r.Name, DisplayName: r.DisplayName, PasswordHash: r.PasswordHash, SecretHash: r.SecretHash,
		Role: core.Role(r.Role), Email: r.Email, Disabled: r.Disabled, MustChange: r.MustChange, CreatedAt: instant(r.CreatedAt),
	}
}

// CreateUser stores a new user and sets its id. A taken name is a conflict.
func (s *Store) CreateUser(ctx context.Context, u *core.User) error {
	return s.write(ctx, func(t tx) error {
		row := toUserRow(u)
		row.ID = 0
		err := t.db.Create(&row).Error
		if t.words.classify(err) == duplicateError {
			return core.Conflict("there is a user named %s already", u.Name)
		}
		if err != nil {
			return err
		}
		u.ID = row.ID
		return t.auditUser("create", s.Now(), u, core.Changes(nil, u))
	})
}

// UserByName reads one user. Names are compared to the letter.
func (s *Store) UserByName(ctx context.Context, name string) (*core.User, error) {
	users, err := s.users(s.read(ctx).db.Where("name = ?", name))
	if err != nil {
		return nil, err
	}
	if len(users) == 0 {
		return nil, core.NotFound("there is no user named %s", name)
	}
	return users[0], nil
}

// UserByID reads one user.
func (s *Store) UserByID(ctx context.Context, id int64) (*core.User, error) {
	users, err := s.users(s.read(ctx).db.Where("id = ?", id))
	if err != nil {
		return nil, err
	}
	if len(users) == 0 {
		return nil, core.NotFound("there is no user %d", id)
	}
	return users[0], nil
}

// Users lists all users by id.
func (s *Store) Users(ctx context.Context) ([]*core.User, error) {
	return s.users(s.read(ctx).db)
}

func (s *Store) users(db *gorm.DB) ([]*core.User, error) {
	var rows []userRow
	if err := db.Order("id").Find(&rows).Error; err != nil {
		return nil, s.edge(err)
	}
	users := make([]*core.User, len(rows))
	for i, r := range rows {
		users[i] = r.user()
	}
	return users, nil
}
