package ui

import (
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/carillonhq/carillon/master/auth"
	"github.com/carillonhq/carillon/master/manage"
	"github.com/carillonhq/carillon/web"
)

// Options say what the pages show and change.
type Options struct {
	// Manage, Users, Sessions, Logger and Now are required. Now is the time by the database's clock.
	Manage   *manage.Service
	Users    *auth.Service
	Sessions *auth.Sessions
	Logger   *slog.Logger
	Now      func() time.Time
	// Zone is the server's zone, that of viewers whose own is not known. Defaults to the process's.
	Zone *time.Location
	// Version is what the pages call this build.
	Version string
	// SecureCookies has browsers send the session by HTTPS only, even where a request does not say that it came so.
	SecureCookies bool
}

// UI serves the pages.
type UI struct {
	Options
	assets    *web.Assets
	templates *templates
	live      *live
	origin    *http.CrossOriginProtection
	pages     []*page
	openAPI   func() ([]apiTag, error) // read when it is first asked for
}

// New makes the pages. Nothing runs before somebody looks at one.
func New(o Options) (*UI, error) {
	if o.Manage == nil || o.Users == nil || o.Sessions == nil || o.Logger == nil || o.Now == nil {
		return nil, errors.New("ui: Manage, Users, Sessions, Logger and Now are required")
	}
	if o.Zone == nil {
		o.Zone = time.Local
	}
	assets, err := web.NewAssets()
	if err != nil {
		return nil, err
	}
	u := &UI{Options: o, assets: assets, origin: http.NewCrossOriginProtection(), openAPI: sync.OnceValues(readDocument)}
	u.pages = pages(u)
	u.live = newLive(u.pages, o.Logger)
	u.templates, err = newTemplates(assets, o.Now)
	return u, err
}

// Register adds the routes of the pages to a router. The size of bodies is the router's to bound.
func (u *UI) Register(r gin.IRouter) {
	r.GET(web.AssetBase+"*name", gin.WrapH(u.assets))
	for _, p := range u.pages {
		for _, rt := range p.routes {
			r.Handle(rt.method, rt.path, func(c *gin.Context) { u.serve(c, p, rt) })
		}
	}
}

// NotFound answers who asks for a page that there is not.
func (u *UI) NotFound(c *gin.Context) {
	p := &page{}
	u.serve(c, p, route{public: true, handle: func(*request) error { return errNoPage() }})
}

// Close ends what is live: the streams of events, so that the server can stop.
func (u *UI) Close() { u.live.close() }
