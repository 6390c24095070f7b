package ui

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/auth"
	"github.com/carillonhq/carillon/web/messages"
)

// policy is what browsers are told to do with a page: nothing but what this server gives them, and no script or style
// that stands in the page itself. Images in data: are those of the style sheets.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// request is one request for a page, by whom and how they want to see it.
type request struct {
	*gin.Context
	ui    *UI
	page  *page
	in    *auth.SignedIn // nil when nobody is signed in
	lang  messages.Language
	zone  *time.Location
	theme string // light or dark; empty for the system's
	crumb []Crumb
}

// serve answers a request: it finds out who asks, and whether they may.
func (u *UI) serve(c *gin.Context, p *page, rt route) {
	h := c.Writer.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	r := &request{Context: c, ui: u, page: p, zone: u.Zone}
	defer func() {
		v := recover()
		if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) || v != nil && c.Writer.Written() {
			panic(v) // the router cuts the connection: half a page is none
		}
		if v != nil {
			r.fail(fmt.Errorf("panic: %v\n%s", v, debug.Stack()))
		}
	}()
	err := r.admit(rt)
	if err == nil {
		err = rt.handle(r)
	}
	if err != nil {
		r.fail(err)
	}
}

// admit says who asks, and refuses whoever may not.
func (r *request) admit(rt route) error {
	known := r.identify()
	r.see()
	if query, err := url.QueryUnescape(r.Request.URL.RawQuery); err != nil || !utf8.ValidString(query) || !utf8.ValidString(r.Request.URL.Path) {
		return &core.Error{Code: core.CodeMalformed, Format: "the address is not valid UTF-8"}
	}
	r.sign()
	if err := r.ui.origin.Check(r.Request); err != nil {
		return &core.Error{Code: core.CodeForbidden, Format: "a page of another site may not do this"}
	}
	switch {
	case rt.public && core.CodeOf(known) == core.CodeUnauthenticated:
		return nil
	case known != nil:
		return known
	case rt.public:
		return nil
	case r.in.User.MustChange && !rt.always:
		return errMustChange
	case rt.role == "":
		return nil
	}
	return r.in.User.Require(rt.role)
}

// errMustChange says that a password that was given out is to be changed before anything else.
var errMustChange = errors.New("the password must be changed first")

// identify finds out who is signed in.
func (r *request) identify() (err error) {
	r.in, err = r.ui.Sessions.Check(r.Request.Context(), r.sessionToken())
	return err
}

// sign has the audit know who asks for what this request changes.
func (r *request) sign() {
	if r.in == nil {
		return
	}
	r.Request = r.Request.WithContext(core.WithAuthor(r.Request.Context(), core.Author{
		UserID: r.in.User.ID, UserName: r.in.User.Name, Address: r.address(), Via: core.ViaPage,
	}))
}

// see finds out how the page is to be shown: as the user wants it, else as the browser says.
func (r *request) see() {
	var wanted core.Preferences
	if r.in != nil {
		wanted = r.in.Preferences
	}
	r.lang = messages.FromHeader(r.GetHeader("Accept-Language"))
	for _, language := range []string{r.cookie(cookieLanguage), wanted.Language} {
		if language == string(messages.English) || language == string(messages.Chinese) {
			r.lang = messages.Language(language)
		}
	}
	for _, theme := range []string{r.cookie(cookieTheme), wanted.Theme} {
		if theme == "light" || theme == "dark" {
			r.theme = theme
		}
	}
	for _, name := range []string{r.cookie(cookieZone), wanted.Zone} {
		p := core.Preferences{Zone: name}
		if name == "" || p.Validate() != nil {
			continue
		}
		if zone, err := time.LoadLocation(name); err == nil {
			r.zone = zone
		}
	}
}

// text says an English text in the reader's language.
func (r *request) text(format string, args ...any) string {
	return messages.Text(r.lang, format, args...)
}

// partial says whether a part of a page is asked for and not a whole one, and which, by the id of its element.
func (r *request) partial() (id string, ok bool) {
	if r.GetHeader("HX-Request") != "true" || r.GetHeader("HX-Request-Type") != "partial" {
		return "", false
	}
	_, id, ok = strings.Cut(r.GetHeader("HX-Target"), "#")
	return id, ok
}

// byScript says whether a script asks, which does not follow redirects to another page.
func (r *request) byScript() bool { return r.GetHeader("HX-Request") == "true" }

// move leads the browser to another page.
func (r *request) move(to string) {
	if r.byScript() {
		r.Header("HX-Redirect", to)
		r.Status(http.StatusNoContent)
		return
	}
	r.Redirect(http.StatusSeeOther, to)
}

// here is the path and query of the page that the browser shows, which for a script is not what it asks for.
func (r *request) here() string {
	asked := r.Request.URL
	if r.Request.Method == http.MethodGet && asked.Path != livePath {
		return asked.RequestURI()
	}
	from := r.Request.Referer()
	if r.byScript() {
		from = r.GetHeader("HX-Current-URL")
	}
	if shown, err := url.Parse(from); err == nil && shown.Host == r.Request.Host && shown.Path != "" {
		return shown.RequestURI()
	}
	return "/"
}

// inside gives an address if it leads to a page of ours, else the one of the overview.
func inside(to string) string {
	u, err := url.Parse(to)
	// Browsers take a backslash for a slash, and what begins with two for another host.
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.Contains(to, "\\") {
		return "/"
	}
	return to
}
