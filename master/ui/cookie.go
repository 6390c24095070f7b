package ui

import (
	"net/http"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/auth"
)

// The cookies beside that of the session, which auth names. Those of language, zone and theme are what is known before somebody signs in; the zone is written by the
// script, which asks the browser.
const (
	cookieLanguage = "carillon-language"
	cookieTheme    = "carillon-theme"
	cookieZone     = "carillon-zone"
	cookieFlash    = "carillon-flash"
)

// secure says whether browsers are to send the session by HTTPS only.
func (r *request) secure() bool { return r.ui.SecureCookies || auth.CameSecurely(r.Request) }

// cookie reads a cookie; empty when there is none.
func (r *request) cookie(name string) string {
	c, err := r.Request.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

// sessionToken is what the browser holds of its session.
func (r *request) sessionToken() string { return auth.SessionToken(r.Request, r.ui.SecureCookies) }

// holdSession has the browser hold a session; an empty token lets it go.
func (r *request) holdSession(token string) {
	r.setCookie(auth.SessionCookie(r.secure()), token, int(core.SessionLifetime.Seconds()))
}

// setCookie sets a cookie for some seconds; an empty value takes it back. Lax, so that who follows a link of a mail to a
// page is signed in there; what changes anything is a POST, and held against its origin too.
func (r *request) setCookie(name, value string, seconds int) {
	if value == "" {
		seconds = -1
	}
	// #nosec G124 -- Secure is set wherever the request came by HTTPS or the configuration says so
	http.SetCookie(r.Writer, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: seconds, HttpOnly: true, Secure: r.secure(), SameSite: http.SameSiteLaxMode,
	})
}
