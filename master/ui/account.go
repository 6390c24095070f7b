package ui

import (
	"net/http"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/auth"
)

const (
	accountPath  = "/account"
	passwordPath = accountPath + "/password"
)

// accountPage is what everybody may see and change of themselves.
func accountPage(u *UI) *page {
	return &page{routes: append([]route{
		{method: http.MethodGet, path: accountPath, handle: showAccount},
		{method: http.MethodGet, path: passwordPath, always: true, handle: passwordForm},
		{method: http.MethodPost, path: passwordPath, always: true, handle: changePassword},
		{method: http.MethodPost, path: accountPath + "/preferences", handle: savePreferences},
		{method: http.MethodPost, path: accountPath + "/profile", handle: saveProfile},
		{method: http.MethodPost, path: accountPath + "/sessions/end", handle: endSession},
	}, u.credentialRoutes(accountPath, "", ownerInPerson)...)}
}

type accountView struct {
	*View
	Form     *form
	Sessions []core.Session
	Current  string // the id of the session that looks
	Held     held
	// MustChange says that the password is to be changed before anything else; Adopted that it is one of another system.
	MustChange, Adopted bool
}

func showAccount(r *request) error { return r.account(nil) }

// account shows the page of who is signed in; f is a form that was refused.
func (r *request) account(f *form) error {
	sessions, err := r.ui.Sessions.List(r.Request.Context(), r.in)
	if err != nil {
		return err
	}
	a, err := r.ui.Users.Account(r.Request.Context(), r.in.User.ID)
	if err != nil {
		return err
	}
	if f == nil {
		f = newForm()
	}
	// The page has more than one form: what was sent stays, the rest is as it is stored.
	p := r.in.Preferences
	for name, value := range map[string]string{
		"language": p.Language, "zone": p.Zone, "theme": p.Theme, "displayName": a.DisplayName, "email": a.Email,
	} {
		if f.All(name) == nil {
			f.values.Set(name, value)
		}
	}
	own, err := r.ui.held(r, a, accountPath, f)
	if err != nil {
		return err
	}
	v := accountView{View: r.view(r.text("My account")), Form: f, Sessions: sessions, Current: r.in.ID, Held: own}
	return r.show("account", f.status(), v)
}

func passwordForm(r *request) error {
	f := newForm()
	if r.in.Adopted {
		f = newForm("keep_secret", "true")
	}
	return r.password(f)
}

func (r *request) password(f *form) error {
	v := accountView{View: r.view(r.text("Change password")), Form: f, MustChange: r.in.User.MustChange, Adopted: r.in.Adopted}
	v.Bare = v.MustChange // nothing else is to be had
	if !v.MustChange {
		r.under(r.text("My account"), accountPath)
	}
	return r.show("password", f.status(), v)
}

func changePassword(r *request) error {
	f, err := r.form()
	if err != nil {
		return err
	}
	reset := auth.PasswordReset{Password: f.Value("password"), KeepSecret: f.Value("keep_secret") == "true"}
	token := ""
	if f.Value("password") != f.Value("repeated") {
		err = core.Broken("repeated", "is not the same as above")
	} else {
		token, err = r.ui.Sessions.ChangePassword(r.Request.Context(), r.in, f.Value("current"), reset)
	}
	if f.takes(err) {
		return r.password(f)
	}
	if err != nil {
		return err
	}
	r.holdSession(token)
	to := accountPath
	if r.in.User.MustChange {
		to = "/"
	}
	return r.done(to, r.text("The password was changed. Wherever else you were signed in, you are no longer."))
}

func savePreferences(r *request) error {
	f, err := r.form()
	if err != nil {
		return err
	}
	// The menu's buttons send the one that they change.
	p := r.in.Preferences
	for name, into := range map[string]*string{"language": &p.Language, "zone": &p.Zone, "theme": &p.Theme} {
		if values := f.All(name); len(values) > 0 {
			*into = values[0]
		}
	}
	err = r.ui.Sessions.SavePreferences(r.Request.Context(), r.in, p)
	if f.takes(err) {
		return r.account(f)
	}
	if err != nil {
		return err
	}
	r.move(r.here())
	return nil
}

// saveProfile changes what users may change of themselves.
func saveProfile(r *request) error {
	f, err := r.form()
	if err != nil {
		return err
	}
	edit := auth.UserEdit{DisplayName: new(f.Value("displayName")), Email: new(f.Value("email"))}
	_, err = r.ui.Users.Edit(r.Request.Context(), &r.in.User, r.in.User.ID, edit)
	if f.takes(err) {
		return r.account(f)
	}
	if err != nil {
		return err
	}
	return r.done(accountPath, r.text("Your account was changed."))
}

func endSession(r *request) error {
	f, err := r.form()
	if err != nil {
		return err
	}
	ids := f.All("id")
	if f.Value("others") == "true" {
		sessions, err := r.ui.Sessions.List(r.Request.Context(), r.in)
		if err != nil {
			return err
		}
		ids = nil
		for _, s := range sessions {
			if s.ID != r.in.ID {
				ids = append(ids, s.ID)
			}
		}
	}
	for _, id := range ids {
		if err := r.ui.Sessions.End(r.Request.Context(), r.in, id); err != nil && core.CodeOf(err) != core.CodeNotFound {
			return err
		}
	}
	return r.done(accountPath, r.text("Signed out there."))
}
