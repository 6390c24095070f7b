package v1

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/auth"
)

// number reads a parameter of the path that is a number of ours.
func (r *request) number(name string) (int64, error) {
	n, err := strconv.ParseInt(r.Param(name), 10, 64)
	if err != nil || n < 1 {
		return 0, core.NotFound("there is nothing with the id %q", r.Param(name))
	}
	return n, nil
}

// listUsers answers with all users at once: there are as many as people and systems that call.
func (a *api) listUsers(r *request) error {
	all, err := a.Users.Accounts(r.Request.Context())
	if err != nil {
		return err
	}
	p := Page[User]{Items: []User{}}
	for i := range all {
		p.Items = append(p.Items, showUser(r.user, &all[i]))
	}
	return reply(r, http.StatusOK, p)
}

func (a *api) getUser(r *request) error {
	id, err := r.number("id")
	if err != nil {
		return err
	}
	found, err := a.Users.Account(r.Request.Context(), id)
	return a.replyUser(r, found, err)
}

func (a *api) replyUser(r *request, found auth.Account, err error) error {
	if err != nil {
		return err
	}
	return reply(r, http.StatusOK, showUser(r.user, &found))
}

func (a *api) createUser(r *request) error {
	data, err := body(r)
	if err != nil {
		return err
	}
	given, err := decode[NewUser](data)
	if err != nil {
		return err
	}
	u := &core.User{
		Name: given.Name, DisplayName: given.DisplayName, Role: core.Role(given.Role), Email: given.Email,
		MustChange: given.MustChange == nil || *given.MustChange,
	}
	made, told, err := a.Users.Create(r.Request.Context(), r.user, u, given.Password)
	if err != nil {
		return err
	}
	r.Header("Location", fmt.Sprintf("%s/users/%d", Base, made.ID))
	return reply(r, http.StatusCreated, UserCreated{showUser(r.user, &made), credentialsOf(told)})
}

func (a *api) editUser(r *request) error {
	id, err := r.number("id")
	if err != nil {
		return err
	}
	data, err := body(r)
	if err != nil {
		return err
	}
	given, err := decode[UserEdit](data)
	if err != nil {
		return err
	}
	edited, err := a.Users.Edit(r.Request.Context(), r.user, id, given.edit())
	return a.replyUser(r, edited, err)
}

// setLocked makes the handler that locks a user out or lets one in again.
func (a *api) setLocked(locked bool) func(*request) error {
	return func(r *request) error {
		if err := bare(r); err != nil {
			return err
		}
		id, err := r.number("id")
		if err != nil {
			return err
		}
		u, err := a.Users.SetLocked(r.Request.Context(), r.user, id, locked)
		return a.replyUser(r, u, err)
	}
}

func (a *api) resetPassword(r *request) error {
	if err := r.inPerson(); err != nil {
		return err
	}
	id, err := r.number("id")
	if err != nil {
		return err
	}
	data, err := body(r)
	if err != nil {
		return err
	}
	given := new(PasswordReset)
	if len(data) > 0 {
		if given, err = decode[PasswordReset](data); err != nil {
			return err
		}
	}
	told, err := a.Users.ResetPassword(r.Request.Context(), r.user, id, auth.PasswordReset{
		Password: given.Password, MustChange: given.MustChange == nil || *given.MustChange, KeepSecret: given.KeepAPISecret,
	})
	if err != nil {
		return err
	}
	return reply(r, http.StatusOK, credentialsOf(told))
}
