package compat

import (
	"context"
	"errors"
	"net"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/web/messages"
)

// call is one call of the form API.
type call struct {
	*http.Request
	user *core.User
	lang messages.Language
	form form
}

// text says something in the caller's language.
func (c *call) text(format string, args ...any) string { return messages.Text(c.lang, format, args...) }

// reply is what an action answers when it has been done.
type reply struct {
	message string
	id      string // Data, when it is an id
	data    []byte // Data in JSON, when it is anything else; nothing at all is null
	bare    []byte // the whole body, in place of the envelope
}

// serve answers the calls of one controller's actions.
func (a *api) serve(actions map[string]action) gin.HandlerFunc {
	return func(g *gin.Context) {
		s := a.scratch.Get().(*scratch)
		defer a.recycle(s)
		c := &call{Request: g.Request, lang: messages.FromHeader(g.GetHeader("Accept-Language"))}
		r, err := a.do(c, s, actions, g.Param("action"))
		switch {
		case err != nil:
			a.fail(g.Writer, c, s, err)
		case r.bare != nil:
			write(g.Writer, http.StatusOK, r.bare)
		default:
			s.out = appendEnvelope(s.out[:0], statusSuccess, r)
			write(g.Writer, http.StatusOK, s.out)
		}
	}
}

// do finds out who calls, what for and with which fields, and has it done.
func (a *api) do(c *call, s *scratch, actions map[string]action, name string) (r reply, err error) {
	defer func() {
		if p := recover(); p != nil {
			if e, ok := p.(error); ok && errors.Is(e, http.ErrAbortHandler) {
				panic(p)
			}
			err = &panicError{value: p, stack: debug.Stack()}
		}
	}()
	if c.user, err = a.signIn(c.Request); err != nil {
		return reply{}, err
	}
	act, known := actions[strings.ToLower(strings.Trim(name, "/"))]
	switch {
	case !known:
		return reply{}, &illegalError{core.Malformed("", "there is no action %s", c.URL.Path)}
	case c.Method != act.verb:
		return reply{}, &illegalError{core.Malformed("", "%s is called by %s, not by %s", c.URL.Path, act.verb, c.Method)}
	}
	if err := c.user.Require(act.role); err != nil {
		return reply{}, err
	}
	if c.form, err = s.readForm(c.Request); err != nil {
		return reply{}, err
	}
	return act.run(c)
}

// The authentication headers, in the form that package http gives names in. It takes underscores for letters like any
// other, so whatever case a client writes comes to this.
const (
	headerUser   = "Ms_auth_user"
	headerSecret = "Ms_auth_secret"
)

// authored gives the context of a call that changes something which the audit keeps.
func (c *call) authored() context.Context {
	return core.WithAuthor(c.Context(), core.Author{UserID: c.user.ID, UserName: c.user.Name, Address: host(c.Request), Via: core.ViaForm})
}

// signIn says who calls. The address is the connection's own: anybody may write another into a header.
func (a *api) signIn(r *http.Request) (*core.User, error) {
	return a.Auth.CheckSecret(r.Context(), first(r.Header[headerUser]), first(r.Header[headerSecret]), host(r))
}

func host(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}
