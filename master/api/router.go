package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/api/compat"
	"github.com/carillonhq/carillon/master/api/problem"
	v1 "github.com/carillonhq/carillon/master/api/v1"
	"github.com/carillonhq/carillon/master/auth"
	"github.com/carillonhq/carillon/master/join"
	"github.com/carillonhq/carillon/master/manage"
	"github.com/carillonhq/carillon/store"
)

// MaxBody is the largest body of a request, in bytes.
const MaxBody = 1 << 20

// Options say what is served.
type Options struct {
	// Manage, Auth, JoinToken, Store and Logger are required.
	Manage    *manage.Service
	Auth      *auth.Service
	JoinToken *join.Tokens
	Store     *store.Store
	Logger    *slog.Logger
	// Zone is the server's zone, that of times in the form API. Defaults to the process's.
	Zone *time.Location
	// Ready says why this master cannot serve, joined with errors.Join when there are several reasons. Defaults to
	// asking whether the database answers.
	Ready func(ctx context.Context) error
	// Sessions let in who is signed in with a browser to the JSON API too; without them it takes other credentials only.
	Sessions *auth.Sessions
	// SecureCookies says that browsers hold their session by HTTPS only.
	SecureCookies bool
	// Metrics answers /metrics; without it there is none.
	Metrics http.Handler
	// Pages are what people see; without them there are none.
	Pages Pages
}

// Pages are what people see, beside the API.
type Pages interface {
	Register(r gin.IRouter)
	// NotFound answers who asks for a page that there is not.
	NotFound(c *gin.Context)
}

// New makes the handler of everything served on the HTTP port. Time limits are the server's to set.
func New(o Options) (http.Handler, error) {
	if o.Manage == nil || o.Auth == nil || o.JoinToken == nil || o.Store == nil || o.Logger == nil {
		return nil, errors.New("api: Manage, Auth, JoinToken, Store and Logger are required")
	}
	if o.Zone == nil {
		o.Zone = time.Local
	}
	if o.Ready == nil {
		o.Ready = o.Store.Ping
	}
	// gin's mode is the one thing of it that is global. Release only keeps it from printing to standard output.
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.HandleMethodNotAllowed = true
	engine.RedirectTrailingSlash = false
	engine.ForwardedByClientIP = false // anybody may write an address into a header
	if err := engine.SetTrustedProxies(nil); err != nil {
		return nil, fmt.Errorf("api: %w", err)
	}
	engine.Use(observe(o.Logger), recovered(o.Logger), headers)
	engine.NoRoute(noRoute(o))
	engine.NoMethod(refuse(o.Logger, problem.CodeMethodNotAllowed, "this path does not take this method; the header Allow has those it takes"))

	registerHealth(engine, o)
	compat.Register(engine, compat.Deps{
		Tasks: o.Manage.Tasks, Delayed: o.Manage.Delayed, Settings: o.Manage.Settings, Auth: o.Auth, Logger: o.Logger, Zone: o.Zone,
		Now: o.Store.Now,
	})
	deps := v1.Deps{
		Tasks: o.Manage.Tasks, Delayed: o.Manage.Delayed, Runs: o.Manage.Runs, Settings: o.Manage.Settings, Nodes: o.Manage.Nodes,
		Plugins: o.Manage.Plugins, Users: o.Auth, Audit: o.Manage.Audit, Overview: o.Manage.Overview, SystemLog: o.Manage.Log, JoinToken: o.JoinToken, Auth: o.Auth, Logger: o.Logger,
		SecureCookies: o.SecureCookies,
	}
	if o.Sessions != nil {
		deps.Sessions = o.Sessions
	}
	v1.Register(engine, deps)
	if o.Pages != nil {
		o.Pages.Register(engine)
	}
	return compat.FoldCase(headAsGet(limitBody(engine))), nil
}

// limitBody bounds what is read of a request. The form API bounds it by itself: its clients send all of a body before they
// look at an answer, so it reads on a little to be able to give one. So does the upload of plugin packages.
func limitBody(next http.Handler) http.Handler {
	limited := http.MaxBytesHandler(next, MaxBody)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/api/task/") || strings.HasPrefix(r.URL.Path, "/api/delaytask/") || v1.BoundsBody(r) {
			next.ServeHTTP(w, r)
			return
		}
		limited.ServeHTTP(w, r)
	})
}

// headAsGet answers HEAD wherever GET is answered; the server leaves the body out by itself.
func headAsGet(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			// A handler must not change the request it is given.
			get := *r
			get.Method = http.MethodGet
			r = &get
		}
		next.ServeHTTP(w, r)
	})
}

// observe logs each request, for those who look for one.
func observe(log *slog.Logger) gin.HandlerFunc {
	return func(c *gin.Context) {
		ctx := c.Request.Context()
		if !log.Enabled(ctx, slog.LevelDebug) {
			return
		}
		began := time.Now()
		c.Next()
		log.LogAttrs(ctx, slog.LevelDebug, "request", slog.String("method", c.Request.Method), slog.String("path", c.Request.URL.Path),
			slog.Int("status", c.Writer.Status()), slog.Int("bytes", c.Writer.Size()), slog.Duration("took", time.Since(began)),
			slog.String("remote", c.Request.RemoteAddr), slog.String("trace", problem.TraceID(c)))
	}
}

// recovered answers a request whose handler panicked, and keeps the process going.
func recovered(log *slog.Logger) gin.HandlerFunc {
	return func(c *gin.Context) {
		defer func() {
			v := recover()
			err, _ := v.(error)
			switch {
			case v == nil:
			case errors.Is(err, http.ErrAbortHandler):
				panic(v)
			case c.Writer.Written():
				log.ErrorContext(c.Request.Context(), "a handler panicked amid its answer", "panic", v, "stack", string(debug.Stack()))
				// Half an answer cannot be taken back: the connection is cut, so that nobody takes it for a whole one.
				panic(http.ErrAbortHandler)
			default:
				problem.Write(c, log, fmt.Errorf("panic: %v\n%s", v, debug.Stack()))
			}
		}()
		c.Next()
	}
}

// headers keeps browsers from making more of an answer than it is. Pages set a wider policy of their own.
func headers(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
}

// noRoute answers who asks for what there is not: browsers with a page, below /api and without pages with a problem.
func noRoute(o Options) gin.HandlerFunc {
	missing := refuse(o.Logger, core.CodeNotFound, "there is nothing at this path")
	if o.Pages == nil {
		return missing
	}
	return func(c *gin.Context) {
		if path := c.Request.URL.Path; path == "/api" || strings.HasPrefix(path, "/api/") || !strings.Contains(c.GetHeader("Accept"), "text/html") {
			missing(c)
			return
		}
		o.Pages.NotFound(c)
	}
}

func refuse(log *slog.Logger, code core.Code, format string) gin.HandlerFunc {
	return func(c *gin.Context) { problem.Write(c, log, &core.Error{Code: code, Format: format}) }
}
