package v1

import (
	"net/http"

	"github.com/carillonhq/carillon/master/auth"
)

func (a *api) getMe(r *request) error {
	u, err := a.Users.Account(r.Request.Context(), r.user.ID)
	if err != nil {
		return err
	}
	me := Me{User: showUser(r.user, &u), Role: string(r.user.Role)}
	if r.token != nil {
		me.APIToken = r.token.Name
	}
	return reply(r, http.StatusOK, me)
}

func (a *api) editMe(r *request) error {
	data, err := body(r)
	if err != nil {
		return err
	}
	given, err := decode[MeEdit](data)
	if err != nil {
		return err
	}
	edit := auth.UserEdit{DisplayName: given.DisplayName, Email: given.Email}
	if _, err := a.Users.Edit(r.Request.Context(), r.user, r.user.ID, edit); err != nil {
		return err
	}
	return a.getMe(r)
}

func (a *api) changePassword(r *request) error {
	if err := r.inPerson(); err != nil {
		return err
	}
	data, err := body(r)
	if err != nil {
		return err
	}
	given, err := decode[PasswordChange](data)
	if err != nil {
		return err
	}
	err = a.Users.ChangePassword(r.Request.Context(), r.user, given.Current, r.addr,
		auth.PasswordReset{Password: given.Password, KeepSecret: given.KeepAPISecret})
	if err != nil {
		return err
	}
	r.Status(http.StatusNoContent)
	return nil
}

// owner is the user whose credentials the path is about: the one that it names, or who calls.
func (r *request) owner() (int64, error) {
	if r.id == "" {
		return r.user.ID, nil
	}
	return r.number("id")
}

func (a *api) newAPISecret(r *request) error {
	if err := r.inPerson(); err != nil {
		return err
	}
	if err := bare(r); err != nil {
		return err
	}
	owner, err := r.owner()
	if err != nil {
		return err
	}
	value, err := a.Users.NewAPISecret(r.Request.Context(), r.user, owner)
	if err != nil {
		return err
	}
	return reply(r, http.StatusOK, Credentials{APISecret: value})
}

func (a *api) dropAPISecret(r *request) error {
	owner, err := r.owner()
	if err != nil {
		return err
	}
	if err := a.Users.DropAPISecret(r.Request.Context(), r.user, owner); err != nil {
		return err
	}
	r.Status(http.StatusNoContent)
	return nil
}

// listTokens answers with all tokens of a user at once: there are few.
func (a *api) listTokens(r *request) error {
	owner, err := r.owner()
	if err != nil {
		return err
	}
	tokens, err := a.Users.Tokens(r.Request.Context(), owner)
	if err != nil {
		return err
	}
	now := a.Nodes.Now()
	p := Page[APIToken]{Items: []APIToken{}}
	for _, k := range tokens {
		p.Items = append(p.Items, apiTokenOf(k, now))
	}
	return reply(r, http.StatusOK, p)
}

func (a *api) newToken(r *request) error {
	if err := r.inPerson(); err != nil {
		return err
	}
	owner, err := r.owner()
	if err != nil {
		return err
	}
	data, err := body(r)
	if err != nil {
		return err
	}
	given, err := decode[NewAPIToken](data)
	if err != nil {
		return err
	}
	now := a.Nodes.Now()
	k, err := given.core(owner, now)
	if err != nil {
		return err
	}
	if given.Role == "" {
		u, err := a.Users.Account(r.Request.Context(), owner)
		if err != nil {
			return err
		}
		k.Role = u.Role
	}
	value, err := a.Users.NewToken(r.Request.Context(), r.user, k)
	if err != nil {
		return err
	}
	return reply(r, http.StatusCreated, APITokenCreated{apiTokenOf(k, now), value})
}

func (a *api) deleteToken(r *request) error {
	owner, err := r.owner()
	if err != nil {
		return err
	}
	id, err := r.number("token")
	if err != nil {
		return err
	}
	if err := a.Users.DeleteToken(r.Request.Context(), r.user, owner, id); err != nil {
		return err
	}
	r.Status(http.StatusNoContent)
	return nil
}
