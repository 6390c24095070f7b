package v1

import (
	"context"
	"net"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/auth"
)

// caller is who calls, with the role in force for the call.
type caller struct {
	user  *core.User
	token *core.APIToken // by which the call was let in; nil when it was not by a token
	addr  string         // host that the connection comes from
}

// author is what the audit says of the caller.
func (c caller) author() core.Author {
	a := core.Author{UserID: c.user.ID, UserName: c.user.Name, Address: c.addr, Via: core.ViaAPI}
	if c.token != nil {
		a.APIToken = c.token.Name
	}
	return a
}

// admit says who calls, and refuses whoever is not known or has a lesser role than least.
func (a *api) admit(r *http.Request, least core.Role) (caller, error) {
	for name, given := range r.Header {
		for _, v := range given {
			if !utf8.ValidString(v) {
				return caller{}, malformed(name, "the header is not valid UTF-8")
			}
		}
	}
	if !utf8.ValidString(r.URL.Path) {
		return caller{}, malformed("", "the path is not valid UTF-8")
	}
	// A browser sends a name and password it once was given along with any page's requests, so those of other sites are
	// refused where they would change something.
	if err := a.origin.Check(r); err != nil {
		return caller{}, &core.Error{Code: core.CodeForbidden, Format: "a page of another site may not do this"}
	}
	c, err := a.identify(r)
	if err != nil {
		return caller{}, err
	}
	return c, c.user.Require(least)
}

// identify says who calls: by the headers of a ScheduleMaster client, by an API token, by HTTP Basic or, when there is none of
// these, by the session of a browser that is signed in.
func (a *api) identify(r *http.Request) (c caller, err error) {
	if c.addr, _, err = net.SplitHostPort(r.RemoteAddr); err != nil {
		c.addr = r.RemoteAddr
	}
	if name := r.Header.Get("ms_auth_user"); name != "" {
		c.user, err = a.Auth.CheckSecret(r.Context(), name, r.Header.Get("ms_auth_secret"), c.addr)
		return c, err
	}
	if value, ok := bearerToken(r.Header.Get("Authorization")); ok {
		c.user, c.token, err = a.Auth.CheckToken(r.Context(), value, c.addr)
		return c, err
	}
	name, password, ok := r.BasicAuth()
	if held := auth.SessionToken(r, a.SecureCookies); !ok && held != "" && a.Sessions != nil {
		c.user, err = a.signedIn(r.Context(), held)
		return c, err
	}
	if !ok {
		return c, &core.Error{Code: core.CodeUnauthenticated, Format: "give a name and a password by HTTP Basic, an API token by Authorization: Bearer, or the headers ms_auth_user and ms_auth_secret"}
	}
	if !utf8.ValidString(name) || !utf8.ValidString(password) {
		return c, malformed("Authorization", "the name and the password are not valid UTF-8")
	}
	c.user, err = a.Auth.CheckPassword(r.Context(), name, password, c.addr)
	return c, err
}

// signedIn says who is signed in with a browser that holds a session. Like a page, the API is not for who has to change a
// given password first.
func (a *api) signedIn(ctx context.Context, held string) (*core.User, error) {
	in, err := a.Sessions.Check(ctx, held)
	if err != nil {
		return nil, err
	}
	if in.User.MustChange {
		return nil, &core.Error{Code: core.CodeForbidden, Format: "the password was given out: sign in with a browser and change it first"}
	}
	return &in.User, nil
}

// bearerToken takes the token out of a header, after RFC 6750, section 2.1. Schemes are named in any case.
func bearerToken(authorization string) (token string, ok bool) {
	scheme, token, _ := strings.Cut(authorization, " ")
	return strings.TrimSpace(token), strings.EqualFold(scheme, "Bearer")
}

// inPerson refuses who calls by a token: credentials are given out by people, so that what a token allows ends with it.
func (r *request) inPerson() error {
	if r.token != nil {
		return &core.Error{Code: core.CodeForbidden, Format: "this takes a password: a token cannot make credentials"}
	}
	return nil
}
