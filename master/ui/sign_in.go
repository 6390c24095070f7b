package ui

import (
	"net"
	"net/http"
	"net/url"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/web/messages"
)

const signInPath = "/sign-in"

func signInPage(u *UI) *page {
	return &page{routes: []route{
		{method: http.MethodGet, path: signInPath, public: true, handle: u.signInForm},
		{method: http.MethodPost, path: signInPath, public: true, handle: u.signIn},
		{method: http.MethodPost, path: "/sign-out", always: true, handle: u.signOut},
		{method: http.MethodGet, path: "/language/:language", public: true, handle: u.speakBefore},
	}}
}

type signInView struct {
	*View
	Form *form
	Next string
	// Other is the address of this page in the other language.
	Other string
}

func (u *UI) signInForm(r *request) error {
	next := inside(r.Query("next"))
	if r.in != nil {
		r.move(next)
		return nil
	}
	return u.showSignIn(r, newForm(), next)
}

func (u *UI) showSignIn(r *request, f *form, next string) error {
	other := messages.Chinese
	if r.lang == other {
		other = messages.English
	}
	v := signInView{View: r.view(r.text("Sign in")), Form: f, Next: next}
	v.Other = "/language/" + string(other) + "?" + url.Values{"next": {next}}.Encode()
	return r.show("sign-in", f.status(), v)
}

func (u *UI) signIn(r *request) error {
	f, err := r.form()
	if err != nil {
		return err
	}
	next := inside(f.Value("next"))
	token, err := u.Sessions.SignIn(r.Request.Context(), f.Value("name"), f.Value("password"), r.address(), r.GetHeader("User-Agent"))
	if core.CodeOf(err) == core.CodeUnauthenticated {
		f.refuse = &core.Error{Code: core.CodeUnauthenticated, Format: "the user name or the password is wrong"}
		return u.showSignIn(r, f, next)
	}
	if err != nil {
		return err
	}
	r.holdSession(token)
	r.move(next)
	return nil
}

func (u *UI) signOut(r *request) error {
	if err := u.Sessions.SignOut(r.Request.Context(), r.in); err != nil {
		return err
	}
	r.holdSession("")
	r.move(signInPath)
	return nil
}

// speakBefore chooses the language for who has not signed in. It changes nothing but what this browser is shown.
func (u *UI) speakBefore(r *request) error {
	if language := r.Param("language"); language == string(messages.English) || language == string(messages.Chinese) {
		r.setCookie(cookieLanguage, language, 365*24*3600)
	}
	r.move(signInPath + "?" + url.Values{"next": {inside(r.Query("next"))}}.Encode())
	return nil
}

// address is the host that a request came from.
func (r *request) address() string {
	host, _, err := net.SplitHostPort(r.Request.RemoteAddr)
	if err != nil {
		return r.Request.RemoteAddr
	}
	return host
}
