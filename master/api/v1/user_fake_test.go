package v1

import (
	"context"
	"strings"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/auth"
)

// fakeUsers knows user 1, who calls, and user 2.
type fakeUsers struct{ *fakes }

func (f fakeUsers) Accounts(context.Context) ([]auth.Account, error) {
	return []auth.Account{
		{User: core.User{ID: 1, Name: "me", Role: core.RoleViewer, Email: "me@example.org", CreatedAt: now()}, HasPassword: true},
		{User: core.User{ID: 2, Name: "ada", DisplayName: "Ada", Role: core.RoleAdmin, Email: "ada@example.org", MustChange: true, Disabled: true, CreatedAt: now()}, HasAPISecret: true},
	}, f.fail
}

func (f fakeUsers) Account(ctx context.Context, id int64) (auth.Account, error) {
	all, err := f.Accounts(ctx)
	return find(all, func(a auth.Account) bool { return a.ID == id }, err)
}

func (f fakeUsers) Create(_ context.Context, actor, u *core.User, password string) (auth.Account, auth.Credentials, error) {
	u.ID = 3
	return auth.Account{User: *u}, auth.Credentials{Password: "made", APISecret: "secret"}, f.note(actor, "create %s %s %v", u.Name, password, u.MustChange)
}

func (f fakeUsers) Edit(ctx context.Context, actor *core.User, id int64, edit auth.UserEdit) (auth.Account, error) {
	if err := f.note(actor, "edit user %d", id); err != nil {
		return auth.Account{}, err
	}
	f.userEdit = edit
	return f.Account(ctx, id)
}

func (f fakeUsers) SetLocked(ctx context.Context, actor *core.User, id int64, locked bool) (auth.Account, error) {
	if err := f.note(actor, "lock %d %v", id, locked); err != nil {
		return auth.Account{}, err
	}
	return f.Account(ctx, id)
}

func (f fakeUsers) ResetPassword(_ context.Context, actor *core.User, id int64, reset auth.PasswordReset) (auth.Credentials, error) {
	return auth.Credentials{Password: "made"}, f.note(actor, "reset %d %s %v %v", id, reset.Password, reset.MustChange, reset.KeepSecret)
}

func (f fakeUsers) ChangePassword(_ context.Context, actor *core.User, current, addr string, reset auth.PasswordReset) error {
	return f.note(actor, "password %s %s %s %v", current, addr, reset.Password, reset.KeepSecret)
}

func (f fakeUsers) NewAPISecret(_ context.Context, actor *core.User, id int64) (string, error) {
	return "secret", f.note(actor, "secret %d", id)
}

func (f fakeUsers) DropAPISecret(_ context.Context, actor *core.User, id int64) error {
	return f.note(actor, "no secret %d", id)
}

func (f fakeUsers) Tokens(_ context.Context, userID int64) ([]*core.APIToken, error) {
	return []*core.APIToken{{ID: 5, UserID: userID, Name: "ci", Role: core.RoleViewer, CreatedAt: now(), ExpiresAt: now()}}, f.fail
}

func (f fakeUsers) NewToken(_ context.Context, actor *core.User, k *core.APIToken) (string, error) {
	k.ID = 6
	f.token = k
	return "carillon_X", f.note(actor, "token %d %s", k.UserID, k.Name)
}

func (f fakeUsers) DeleteToken(_ context.Context, actor *core.User, userID, id int64) error {
	return f.note(actor, "no token %d %d", userID, id)
}

// CheckToken knows the token "of ROLE" of a user of that role.
func (f fakeAuth) CheckToken(_ context.Context, token, addr string) (*core.User, *core.APIToken, error) {
	role, ok := strings.CutPrefix(token, "of-")
	u, err := f.check(role, ok, addr)
	return u, &core.APIToken{Name: "ci"}, err
}
