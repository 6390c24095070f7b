package core

import "time"

// APIToken is a credential that a user gave out, to a program or to the user's own tools. Whoever has it calls as the user,
// with a role that is at most the user's.
type APIToken struct {
	ID     int64 `audit:"-"`
	UserID int64 `audit:"as=userId"`
	// Name says what the token is for; no two of a user have the same.
	Name string
	Role Role
	// Hash is the SHA-256 of the token in lower-case hexadecimal digits. The token is drawn at random from more values than
	// anybody can try, so it needs no slow hash.
	Hash      string    `audit:"-"`
	CreatedAt time.Time `audit:"-"`
	ExpiresAt time.Time // zero for one that does not expire
	// LastUsedAt is when it was last used, to the minute or so; zero when it never was.
	LastUsedAt time.Time `audit:"-"`
}

// The limits of API tokens.
const (
	MaxAPITokenName = 100
	MaxAPITokens    = 100 // of one user
)

// Expired says whether the token is out at an instant.
func (t *APIToken) Expired(now time.Time) bool {
	return !t.ExpiresAt.IsZero() && !now.Before(t.ExpiresAt)
}

// Validate checks what can be checked without a database. The expiry must lie after now.
func (t *APIToken) Validate(now time.Time) error {
	if err := checkText("name", t.Name, 1, MaxAPITokenName); err != nil {
		return err
	}
	if t.Expired(now) {
		return Broken("expiresAt", "must lie in the future")
	}
	return t.Role.validate()
}
