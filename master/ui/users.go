package ui

import (
	"net/http"
	"strconv"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/auth"
	"github.com/carillonhq/carillon/web/messages"
)

const usersPath = "/users"

// usersPage is where administrators say who may call, as whom and by what.
func usersPage(u *UI) *page {
	one := usersPath + "/:id"
	return &page{
		path: usersPath, title: messages.Key("Users"), icon: "users", section: sectionAdmin, role: core.RoleAdmin,
		routes: append([]route{
			get(usersPath, core.RoleAdmin, u.listUsers),
			get(usersPath+"/new", core.RoleAdmin, u.newUserForm),
			post(usersPath+"/new", core.RoleAdmin, u.createUser),
			get(one, core.RoleAdmin, u.showUser),
			post(one, core.RoleAdmin, u.editUser),
			post(one+"/lock", core.RoleAdmin, u.lockUser),
			post(one+"/unlock", core.RoleAdmin, u.unlockUser),
			get(one+"/password", core.RoleAdmin, u.resetForm),
			post(one+"/password", core.RoleAdmin, u.resetPassword),
		}, u.credentialRoutes(one, core.RoleAdmin, ownerInPath)...),
	}
}

// userRow is a user as the pages of administrators show one.
type userRow struct {
	auth.Account
	URL  string
	Self bool // it is who looks
}

func (r *request) userRow(a auth.Account) userRow {
	return userRow{Account: a, URL: usersPath + "/" + strconv.FormatInt(a.ID, 10), Self: a.ID == r.in.User.ID}
}

type usersView struct {
	*View
	Users []userRow
}

func (u *UI) listUsers(r *request) error {
	all, err := u.Users.Accounts(r.Request.Context())
	if err != nil {
		return err
	}
	v := usersView{View: r.view(r.text("Users"))}
	for _, a := range all {
		v.Users = append(v.Users, r.userRow(a))
	}
	return r.show("users", http.StatusOK, v)
}

// userView is a page about one user.
type userView struct {
	*View
	Shown userRow
	Form  *form
	Roles []option
	Held  held
}

// roleOptions are the roles, up to one, from the least.
func (r *request) roleOptions(most core.Role) []option {
	var options []option
	for _, role := range []core.Role{core.RoleViewer, core.RoleOperator, core.RoleDeveloper, core.RoleAdmin} {
		if most.Lesser(role) == role {
			options = append(options, option{string(role), messages.Name(r.lang, role)})
		}
	}
	return options
}

func (u *UI) newUserForm(r *request) error {
	return u.showNewUser(r, newForm("role", string(core.RoleViewer), "must_change", "true"))
}

func (u *UI) showNewUser(r *request, f *form) error {
	r.under(r.text("Users"), usersPath)
	v := userView{View: r.view(r.text("New user")), Form: f, Roles: r.roleOptions(core.RoleAdmin)}
	return r.show("user-new", f.status(), v)
}

func (u *UI) createUser(r *request) error {
	f, err := r.form()
	if err != nil {
		return err
	}
	made, told, err := u.Users.Create(r.Request.Context(), &r.in.User, &core.User{
		Name: f.Value("name"), DisplayName: f.Value("displayName"), Role: core.Role(f.Value("role")), Email: f.Value("email"),
		MustChange: f.Value("must_change") == "true",
	}, f.Value("password"))
	if f.takes(err) {
		return u.showNewUser(r, f)
	}
	if err != nil {
		return err
	}
	r.under(r.text("Users"), usersPath)
	return r.tellOnce(r.text("User %s was created.", made.Name), r.userRow(made).URL, told)
}

// user reads the user that an address names.
func (u *UI) user(r *request) (auth.Account, error) {
	id, err := ownerInPath(r)
	if err != nil {
		return auth.Account{}, err
	}
	return u.Users.Account(r.Request.Context(), id)
}

func (u *UI) showUser(r *request) error {
	a, err := u.user(r)
	if err != nil {
		return err
	}
	return u.showUserForm(r, a, newForm("role", string(a.Role), "displayName", a.DisplayName, "email", a.Email))
}

func (u *UI) showUserForm(r *request, a auth.Account, f *form) error {
	row := r.userRow(a)
	own, err := u.held(r, a, row.URL, f)
	if err != nil {
		return err
	}
	r.under(r.text("Users"), usersPath)
	return r.show("user", f.status(), userView{View: r.view(a.Name), Shown: row, Form: f, Roles: r.roleOptions(core.RoleAdmin), Held: own})
}

func (u *UI) editUser(r *request) error {
	a, err := u.user(r)
	if err != nil {
		return err
	}
	f, err := r.form()
	if err != nil {
		return err
	}
	edit := auth.UserEdit{Role: new(core.Role(f.Value("role"))), Email: new(f.Value("email")), DisplayName: new(f.Value("displayName"))}
	_, err = u.Users.Edit(r.Request.Context(), &r.in.User, a.ID, edit)
	if f.takes(err) {
		return u.showUserForm(r, a, f)
	}
	if err != nil {
		return err
	}
	return r.done(r.userRow(a).URL, r.text("User %s was changed.", a.Name))
}

func (u *UI) lockUser(r *request) error {
	a, err := u.setLocked(r, true)
	if err != nil {
		return err
	}
	return r.done("", r.text("User %s is locked out.", a.Name))
}

func (u *UI) unlockUser(r *request) error {
	a, err := u.setLocked(r, false)
	if err != nil {
		return err
	}
	return r.done("", r.text("User %s may sign in again.", a.Name))
}

func (u *UI) setLocked(r *request, locked bool) (auth.Account, error) {
	id, err := ownerInPath(r)
	if err != nil {
		return auth.Account{}, err
	}
	return u.Users.SetLocked(r.Request.Context(), &r.in.User, id, locked)
}
