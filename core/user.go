package core

import (
	"crypto/md5" // #nosec G501 -- the compatibility contract fixes it; nothing is stored in this form
	"encoding/hex"
	"time"
)

// Role is what a user may do. Each role may do what those after it may.
type Role string

// The roles, from the most to the least.
const (
	RoleAdmin     Role = "admin"
	RoleDeveloper Role = "developer"
	RoleOperator  Role = "operator"
	RoleViewer    Role = "viewer"
)

// rank orders the roles; an unknown one may do nothing.
func (r Role) rank() int {
	switch r {
	case RoleAdmin:
		return 4
	case RoleDeveloper:
		return 3
	case RoleOperator:
		return 2
	case RoleViewer:
		return 1
	}
	return 0
}

// User is somebody, or some business system, that may call Carillon.
type User struct {
	ID   int64 `audit:"-"`
	Name string
	// DisplayName is what people call the user; empty for one who is known by the name alone.
	DisplayName string
	// PasswordHash and SecretHash are Argon2id hashes of the password and of the API secret, in PHC string form. A user who was
	// brought from another system has no PasswordHash until a password is set here; one without a SecretHash has no API
	// secret.
	PasswordHash string `audit:"secret"`
	SecretHash   string `audit:"secret"`
	Role         Role
	Email        string
	Disabled     bool `audit:"as=locked"`
	// MustChange says that the password was given out and must be changed at the first sign-in.
	MustChange bool
	CreatedAt  time.Time `audit:"-"`
}

// The limits of a user's fields, in characters.
const (
	MaxUserName    = 100
	MaxDisplayName = 100
	// MinPassword lets in the passwords that business systems have had with ScheduleMaster: what they send in
	// ms_auth_secret is made of them, so a longer minimum would make every such client change.
	MinPassword = 6
	MaxPassword = 200
)

// Require refuses a user whose role may do less than least.
func (u *User) Require(least Role) error {
	if u.Role.rank() < least.rank() {
		return &Error{Code: CodeForbidden, Format: "this takes the role %s; %s has the role %s", Args: []any{least, u.Name, u.Role}}
	}
	return nil
}

// Validate checks what can be checked without a database.
func (u *User) Validate() error {
	if err := checkText("name", u.Name, 1, MaxUserName); err != nil {
		return err
	}
	if err := checkText("displayName", u.DisplayName, 0, MaxDisplayName); err != nil {
		return err
	}
	if err := checkText("email", u.Email, 0, 200); err != nil {
		return err
	}
	return u.Role.validate()
}

func (r Role) validate() error {
	if r.rank() == 0 {
		return Broken("role", "must be admin, developer, operator or viewer")
	}
	return nil
}

// Lesser gives the role of two that may do less.
func (r Role) Lesser(other Role) Role {
	if other.rank() < r.rank() {
		return other
	}
	return r
}

// CheckPassword checks a new password's length.
func CheckPassword(password string) error {
	if err := checkText("password", password, 1, MaxPassword); err != nil {
		return err
	}
	if len([]rune(password)) < MinPassword {
		return Broken("password", "must have at least %d characters", MinPassword)
	}
	return nil
}

// APISecret is what a ScheduleMaster client sends in ms_auth_secret: md5(name + md5(password) + name), both hashes in
// lower-case hex.
func APISecret(name, password string) string {
	return APISecretOf(name, md5Hex(password))
}

// APISecretOf is APISecret for who has the MD5 of the password only, in lower-case hex, as ScheduleMaster stores it.
func APISecretOf(name, passwordMD5 string) string {
	return md5Hex(name + passwordMD5 + name)
}

func md5Hex(s string) string {
	sum := md5.Sum([]byte(s)) // #nosec G401 -- see the import
	return hex.EncodeToString(sum[:])
}
