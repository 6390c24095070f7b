package v1

import (
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/auth"
)

// User is somebody, or some business system, that may call.
type User struct {
	ID          int64  `json:"id"`
	Name        string `json:"name"`
	DisplayName string `json:"displayName,omitempty"`
	Role        string `json:"role"`
	Locked      bool   `json:"locked"`
	// The rest is shown to admins, and to the user.
	Email        string  `json:"email,omitempty"`
	MustChange   bool    `json:"mustChange,omitempty"`
	HasPassword  bool    `json:"hasPassword,omitempty"`
	HasAPISecret bool    `json:"hasApiSecret,omitempty"`
	CreatedAt    Instant `json:"createdAt,omitempty"`
}

// NewUser is a user that is to be made.
type NewUser struct {
	Name        string `json:"name"`
	DisplayName string `json:"displayName,omitempty"`
	Role        string `json:"role"`
	Email       string `json:"email,omitempty"`
	// Password is made at random when it is left out.
	Password string `json:"password,omitempty"`
	// MustChange has the password changed at the first sign-in, also when it is left out.
	MustChange *bool `json:"mustChange,omitempty"`
}

// UserCreated is a user that was made, and the credentials.
type UserCreated struct {
	User        User        `json:"user"`
	Credentials Credentials `json:"credentials"`
}

// Credentials are what a user signs in with. No other operation shows them.
type Credentials struct {
	Password  string `json:"password,omitempty"`
	APISecret string `json:"apiSecret,omitempty"`
}

// UserEdit is what is to be changed of a user. What is left out stays.
type UserEdit struct {
	Role        *string `json:"role,omitempty"`
	DisplayName *string `json:"displayName,omitempty"`
	Email       *string `json:"email,omitempty"`
}

// PasswordReset is a new password that an admin gives to a user.
type PasswordReset struct {
	Password      string `json:"password,omitempty"`
	MustChange    *bool  `json:"mustChange,omitempty"`
	KeepAPISecret bool   `json:"keepApiSecret,omitempty"`
}

// Me is who calls.
type Me struct {
	User User `json:"user"`
	// Role is the one in force for this call: that of the token when it is by one that may do less.
	Role string `json:"role"`
	// APIToken is the name of the token that the call is by; empty when it is by none.
	APIToken string `json:"apiToken,omitempty"`
}

// MeEdit is what users may change of themselves. What is left out stays.
type MeEdit struct {
	DisplayName *string `json:"displayName,omitempty"`
	Email       *string `json:"email,omitempty"`
}

// PasswordChange is a new password of one's own.
type PasswordChange struct {
	Current       string `json:"current"`
	Password      string `json:"password"`
	KeepAPISecret bool   `json:"keepApiSecret,omitempty"`
}

// APIToken is a credential that a user gave out.
type APIToken struct {
	ID         int64   `json:"id"`
	Name       string  `json:"name"`
	Role       string  `json:"role"`
	Expired    bool    `json:"expired"`
	CreatedAt  Instant `json:"createdAt"`
	ExpiresAt  Instant `json:"expiresAt,omitempty"`
	LastUsedAt Instant `json:"lastUsedAt,omitempty"`
}

// NewAPIToken is a token that is to be made. Without an expiry it does not expire.
type NewAPIToken struct {
	Name      string   `json:"name"`
	Role      string   `json:"role,omitempty"` // that of the user when it is left out
	ExpiresAt Instant  `json:"expiresAt,omitempty"`
	ExpiresIn Duration `json:"expiresIn,omitempty"`
}

// APITokenCreated is a token that was made, and its value, which no other operation shows.
type APITokenCreated struct {
	APIToken APIToken `json:"apiToken"`
	Value    string   `json:"value"`
}

// showUser shows a user to who.
func showUser(who *core.User, a *auth.Account) User {
	out := User{ID: a.ID, Name: a.Name, DisplayName: a.DisplayName, Role: string(a.Role), Locked: a.Disabled}
	if who.ID == a.ID || who.Require(core.RoleAdmin) == nil {
		out.Email, out.MustChange, out.HasPassword, out.HasAPISecret = a.Email, a.MustChange, a.HasPassword, a.HasAPISecret
		out.CreatedAt = instantOf(a.CreatedAt)
	}
	return out
}

func credentialsOf(c auth.Credentials) Credentials { return Credentials{c.Password, c.APISecret} }

func (e *UserEdit) edit() auth.UserEdit {
	out := auth.UserEdit{DisplayName: e.DisplayName, Email: e.Email}
	if e.Role != nil {
		out.Role = new(core.Role(*e.Role))
	}
	return out
}

func apiTokenOf(k *core.APIToken, now time.Time) APIToken {
	return APIToken{
		ID: k.ID, Name: k.Name, Role: string(k.Role), Expired: k.Expired(now), CreatedAt: instantOf(k.CreatedAt),
		ExpiresAt: instantOf(k.ExpiresAt), LastUsedAt: instantOf(k.LastUsedAt),
	}
}

// core gives what was said of a token of a user; ExpiresIn counts from now.
func (k *NewAPIToken) core(userID int64, now time.Time) (*core.APIToken, error) {
	var v values
	out := &core.APIToken{UserID: userID, Name: k.Name, Role: core.Role(k.Role), ExpiresAt: v.instant("expiresAt", k.ExpiresAt)}
	if lives := v.duration("expiresIn", k.ExpiresIn); k.ExpiresIn != "" {
		if k.ExpiresAt != "" {
			v.fail(broken("expiresIn", "give expiresAt or expiresIn, and not both"))
		}
		if lives <= 0 {
			v.fail(broken("expiresIn", "must be above 0"))
		}
		out.ExpiresAt = now.Add(lives)
	}
	return out, v.err
}
