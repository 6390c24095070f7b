package ui

import (
	"net/http"
	"strconv"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/auth"
)

// credentialRoutes are those by which the API secret and the tokens of a user are changed, below an address. Whose they are
// is said by owner: administrators change those of all, everybody their own.
func (u *UI) credentialRoutes(below string, role core.Role, owner func(*request) (int64, error)) []route {
	return []route{
		post(below+"/secret", role, u.newSecret(owner)),
		post(below+"/secret/drop", role, u.dropSecret(owner)),
		post(below+"/tokens", role, u.newToken(owner)),
		post(below+"/tokens/:token/delete", role, u.deleteToken(owner)),
	}
}

// ownerInPath is the user that an address names.
func ownerInPath(r *request) (int64, error) { return r.number("id") }

// ownerInPerson is who is signed in.
func ownerInPerson(r *request) (int64, error) { return r.in.User.ID, nil }

// number reads a parameter of the path that is a number of ours.
func (r *request) number(name string) (int64, error) {
	n, err := strconv.ParseInt(r.Param(name), 10, 64)
	if err != nil || n < 1 {
		return 0, core.NotFound("there is nothing with the id %q", r.Param(name))
	}
	return n, nil
}

// held is what a user has to call with, as a page shows it.
type held struct {
	URL     string // what the routes lie below
	Account auth.Account
	Tokens  []*core.APIToken
	Form    *form // for a new token
	Roles   []option
	Now     time.Time
}

// held reads what a user has to call with. f is what stands in the form for a new token, beside the page's own fields.
func (u *UI) held(r *request, a auth.Account, url string, f *form) (held, error) {
	tokens, err := u.Users.Tokens(r.Request.Context(), a.ID)
	most := a.Role.Lesser(r.in.User.Role)
	if f.Value("token_role") == "" {
		f.values.Set("token_role", string(most))
	}
	return held{URL: url, Account: a, Tokens: tokens, Form: f, Roles: r.roleOptions(most), Now: u.Now()}, err
}

// onceView tells credentials, which no other page shows again.
type onceView struct {
	*View
	Back            string
	Told            auth.Credentials
	Token, TokenFor string
}

// tellOnce answers with credentials that were just made. They go by no cookie and are in no address: a page that is left
// is gone.
func (r *request) tellOnce(title, back string, told auth.Credentials) error {
	return r.show("told", http.StatusOK, onceView{View: r.view(title), Back: back, Told: told})
}

func (u *UI) resetForm(r *request) error {
	return u.showReset(r, newForm("must_change", "true"))
}

func (u *UI) showReset(r *request, f *form) error {
	a, err := u.user(r)
	if err != nil {
		return err
	}
	row := r.userRow(a)
	r.under(r.text("Users"), usersPath)
	r.under(a.Name, row.URL)
	return r.show("user-password", f.status(), userView{View: r.view(r.text("Reset the password of %s", a.Name)), Shown: row, Form: f})
}

func (u *UI) resetPassword(r *request) error {
	id, err := ownerInPath(r)
	if err != nil {
		return err
	}
	f, err := r.form()
	if err != nil {
		return err
	}
	told, err := u.Users.ResetPassword(r.Request.Context(), &r.in.User, id, auth.PasswordReset{
		Password: f.Value("password"), MustChange: f.Value("must_change") == "true", KeepSecret: f.Value("keep_secret") == "true",
	})
	if f.takes(err) {
		return u.showReset(r, f)
	}
	if err != nil {
		return err
	}
	return r.tellOnce(r.text("The password was reset."), usersPath+"/"+strconv.FormatInt(id, 10), told)
}

func (u *UI) newSecret(owner func(*request) (int64, error)) func(*request) error {
	return func(r *request) error {
		id, err := owner(r)
		if err != nil {
			return err
		}
		value, err := u.Users.NewAPISecret(r.Request.Context(), &r.in.User, id)
		if err != nil {
			return err
		}
		return r.tellOnce(r.text("The API secret was made anew."), r.here(), auth.Credentials{APISecret: value})
	}
}

func (u *UI) dropSecret(owner func(*request) (int64, error)) func(*request) error {
	return func(r *request) error {
		id, err := owner(r)
		if err != nil {
			return err
		}
		if err := u.Users.DropAPISecret(r.Request.Context(), &r.in.User, id); err != nil {
			return err
		}
		return r.done("", r.text("The API secret holds no longer."))
	}
}

func (u *UI) newToken(owner func(*request) (int64, error)) func(*request) error {
	return func(r *request) error {
		id, err := owner(r)
		if err != nil {
			return err
		}
		f, err := r.form()
		if err != nil {
			return err
		}
		k := &core.APIToken{UserID: id, Name: f.Value("token_name"), Role: core.Role(f.Value("token_role"))}
		if days, err := strconv.Atoi(f.Value("token_days")); err == nil && days > 0 {
			k.ExpiresAt = u.Now().AddDate(0, 0, days)
		}
		value, err := u.Users.NewToken(r.Request.Context(), &r.in.User, k)
		if err != nil {
			return err
		}
		v := onceView{View: r.view(r.text("The token was made.")), Back: r.here(), Token: value, TokenFor: k.Name}
		return r.show("told", http.StatusOK, v)
	}
}

func (u *UI) deleteToken(owner func(*request) (int64, error)) func(*request) error {
	return func(r *request) error {
		id, err := owner(r)
		if err != nil {
			return err
		}
		token, err := r.number("token")
		if err != nil {
			return err
		}
		if err := u.Users.DeleteToken(r.Request.Context(), &r.in.User, id, token); err != nil {
			return err
		}
		return r.done("", r.text("The token was deleted."))
	}
}
