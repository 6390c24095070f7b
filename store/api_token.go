package store

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"time"

	"gorm.io/gorm"

	"github.com/carillonhq/carillon/core"
)

// apiTokenRow is a row of api_tokens.
type apiTokenRow struct {
	ID         int64
	UserID     int64
	Name       string
	Role       string
	Hash       string
	CreatedAt  int64 `gorm:"autoCreateTime:false"`
	ExpiresAt  int64
	LastUsedAt int64
}

// TableName is what gorm asks for.
func (apiTokenRow) TableName() string { return "api_tokens" }

func toAPITokenRow(k *core.APIToken) apiTokenRow {
	return apiTokenRow{
		ID: k.ID, UserID: k.UserID, Name: k.Name, Role: string(k.Role), Hash: k.Hash, CreatedAt: micros(k.CreatedAt),
		ExpiresAt: micros(k.ExpiresAt), LastUsedAt: micros(k.LastUsedAt),
	}
}

func (r apiTokenRow) token() *core.APIToken {
	return &core.APIToken{
		ID: r.ID, UserID: r.UserID, Name: r.Name, Role: core.Role(r.Role), Hash: r.Hash, CreatedAt: instant(r.CreatedAt),
		ExpiresAt: instant(r.ExpiresAt), LastUsedAt: instant(r.LastUsedAt),
	}
}

// CreateAPIToken stores a new token of a user and sets its id. A name that the user has given to another token is a
// conflict, and so is one token more than core.MaxAPITokens.
func (s *Store) CreateAPIToken(ctx context.Context, k *core.APIToken) error {
	return s.write(ctx, func(t tx) error {
		var n int64
		if err := t.db.Model(&apiTokenRow{}).Where("user_id = ?", k.UserID).Count(&n).Error; err != nil {
			return err
		}
		if n >= core.MaxAPITokens {
			return core.Conflict("the user has %d tokens, and no more are allowed: delete those that are not used", n)
		}
		row := toAPITokenRow(k)
		row.ID = 0
		err := t.db.Create(&row).Error
		if t.words.classify(err) == duplicateError {
			return core.Conflict("the user has a token named %s already", k.Name)
		}
		if err != nil {
			return err
		}
		k.ID = row.ID
		return t.auditToken("create", s.Now(), k, core.Changes(nil, k))
	})
}

// auditToken keeps that a token was made or taken back.
func (t tx) auditToken(action string, now time.Time, k *core.APIToken, changes []core.FieldChange) error {
	return t.audit(now, action, core.AuditAPIToken, strconv.FormatInt(k.ID, 10), k.Name, changes)
}

// APITokens lists a user's tokens by id, those that have expired too.
func (s *Store) APITokens(ctx context.Context, userID int64) ([]*core.APIToken, error) {
	var rows []apiTokenRow
	if err := s.read(ctx).db.Where("user_id = ?", userID).Order("id").Find(&rows).Error; err != nil {
		return nil, s.edge(err)
	}
	tokens := make([]*core.APIToken, len(rows))
	for i, r := range rows {
		tokens[i] = r.token()
	}
	return tokens, nil
}

// APITokenByHash reads one token by its hash, and the user whose it is.
func (s *Store) APITokenByHash(ctx context.Context, hash string) (*core.APIToken, *core.User, error) {
	var row apiTokenRow
	err := s.read(ctx).db.Where("hash = ?", hash).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, nil, core.NotFound("there is no such token")
	}
	if err != nil {
		return nil, nil, s.edge(err)
	}
	u, err := s.UserByID(ctx, row.UserID)
	return row.token(), u, err
}

// DeleteAPIToken takes a token from a user.
func (s *Store) DeleteAPIToken(ctx context.Context, userID, id int64) error {
	return s.write(ctx, func(t tx) error {
		var row apiTokenRow
		err := t.db.Where("id = ? AND user_id = ?", id, userID).Take(&row).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return core.NotFound("the user has no token %d", id)
		}
		if err != nil {
			return err
		}
		n, err := t.exec("DELETE FROM api_tokens WHERE id = ?", id)
		if err == nil && n == 0 {
			return core.NotFound("the user has no token %d", id)
		}
		if err != nil {
			return err
		}
		k := row.token()
		return t.auditToken("delete", s.Now(), k, core.Changes(k, nil))
	})
}

// NoteAPITokenUses stores when tokens were last used, by id. An instant before the one that is stored changes nothing: many
// masters note uses.
func (s *Store) NoteAPITokenUses(ctx context.Context, uses map[int64]time.Time) error {
	return s.write(ctx, func(t tx) error {
		for _, id := range slices.Sorted(maps.Keys(uses)) {
			at := micros(uses[id])
			if _, err := t.exec("UPDATE api_tokens SET last_used_at = ? WHERE id = ? AND last_used_at < ?", at, id, at); err != nil {
				return err
			}
		}
		return nil
	})
}
