package v1

import (
	"net"
	"net/http"
	"unicode/utf8"

	"github.com/carillonhq/carillon/core"
)

// admit says who calls, and refuses whoever is not known or has a lesser role than least.
func (a *api) admit(r *http.Request, least core.Role) (*core.User, error) {
	for name, given := range r.Header {
		for _, v := range given {
			if !utf8.ValidString(v) {
				return nil, malformed(name, "the header is not valid UTF-8")
			}
		}
	}
	if !utf8.ValidString(r.URL.Path) {
		return nil, malformed("", "the path is not valid UTF-8")
	}
	// A browser sends a name and password it once was given along with any page's requests, so those of other sites are
	// refused where they would change something.
	if err := a.origin.Check(r); err != nil {
		return nil, &core.Error{Code: core.CodeForbidden, Format: "a page of another site may not do this"}
	}
	user, err := a.identify(r)
	if err != nil {
		return nil, err
	}
	if err := user.Require(least); err != nil {
		return nil, err
	}
	return user, nil
}

// identify says who calls, by the headers of a ScheduleMaster client or by HTTP Basic.
func (a *api) identify(r *http.Request) (*core.User, error) {
	addr, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		addr = r.RemoteAddr
	}
	if name := r.Header.Get("ms_auth_user"); name != "" {
		return a.Auth.CheckSecret(r.Context(), name, r.Header.Get("ms_auth_secret"), addr)
	}
	name, password, ok := r.BasicAuth()
	if !ok {
		return nil, &core.Error{Code: core.CodeUnauthenticated, Format: "give a name and a password by HTTP Basic, or the headers ms_auth_user and ms_auth_secret"}
	}
	if !utf8.ValidString(name) || !utf8.ValidString(password) {
		return nil, malformed("Authorization", "the name and the password are not valid UTF-8")
	}
	return a.Auth.CheckPassword(r.Context(), name, password, addr)
}
