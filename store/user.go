package store

import (
	"context"
	"database/sql"

	"github.com/carillonhq/carillon/core"
)

const userColumns = "id, name, password_hash, secret_hash, role, email, disabled, must_change, created_at"

// CreateUser stores a new user and sets its id. A taken name is a conflict.
func (s *Store) CreateUser(ctx context.Context, u *core.User) error {
	return s.write(ctx, func(t tx) error {
		_, err := t.exec("INSERT INTO users (name,password_hash,secret_hash,role,email,disabled,must_change,created_at) VALUES (?,?,?,?,?,?,?,?)",
			u.Name, u.PasswordHash, u.SecretHash, string(u.Role), u.Email, u.Disabled, u.MustChange, micros(u.CreatedAt))
		if isDuplicate(err) {
			return core.Conflict("there is a user named %s already", u.Name)
		}
		if err != nil {
			return err
		}
		_, err = t.one([]any{&u.ID}, "SELECT id FROM users WHERE name = ?", u.Name)
		return err
	})
}

// UpdateUser stores a user's fields, by id.
func (s *Store) UpdateUser(ctx context.Context, u *core.User) error {
	return s.write(ctx, func(t tx) error {
		n, err := t.exec("UPDATE users SET password_hash = ?, secret_hash = ?, role = ?, email = ?, disabled = ?, must_change = ? WHERE id = ?",
			u.PasswordHash, u.SecretHash, string(u.Role), u.Email, u.Disabled, u.MustChange, u.ID)
		if err == nil && n == 0 {
			return core.NotFound("there is no user %d", u.ID)
		}
		return err
	})
}

// UserByName reads one user. Names are compared to the letter.
func (s *Store) UserByName(ctx context.Context, name string) (*core.User, error) {
	users, err := s.read(ctx).users("WHERE name = ?", name)
	if err != nil {
		return nil, s.edge(err)
	}
	if len(users) == 0 {
		return nil, core.NotFound("there is no user named %s", name)
	}
	return users[0], nil
}

// Users lists all users by id.
func (s *Store) Users(ctx context.Context) ([]*core.User, error) {
	users, err := s.read(ctx).users("ORDER BY id")
	return users, s.edge(err)
}

func (t tx) users(rest string, args ...any) ([]*core.User, error) {
	var users []*core.User
	err := t.each(func(rows *sql.Rows) error {
		var (
			u       core.User
			created int64
		)
		err := rows.Scan(&u.ID, &u.Name, &u.PasswordHash, &u.SecretHash, &u.Role, &u.Email, &u.Disabled, &u.MustChange, &created)
		u.CreatedAt = instant(created)
		users = append(users, &u)
		return err
	}, "SELECT "+userColumns+" FROM users "+rest, args...)
	return users, err
}
