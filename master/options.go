package master

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/manage"
	"github.com/carillonhq/carillon/store"
)

// Options says how a master runs.
type Options struct {
	// Store is the open database; the master does not close it. Required.
	Store *store.Store
	// Logger is required.
	Logger *slog.Logger
	// Name is this node's name. Required.
	Name string
	// Version is this build's version.
	Version string
	// HTTPAddr is where the API is served, GRPCAddr where workers connect. An empty address serves nothing; port 0 picks
	// a free one.
	HTTPAddr string
	GRPCAddr string
	// Plugins say which plugin packages are taken, and where they lie while they are uploaded.
	Plugins manage.PluginOptions
	// GRPCTLS encrypts what is spoken with workers; nil does not.
	GRPCTLS *tls.Config
	// JoinToken is put in force as what workers prove themselves with, 16 to 256 characters, unless it was rotated away
	// before. Empty uses the stored one, which is made at the first start.
	JoinToken string
	// AdminPassword is admin's password if admin does not exist yet. Empty makes a random one, given to AdminCreated.
	AdminPassword string
	// AdminCreated is told the password that was made for admin at the first start.
	AdminCreated func(password string)
	// Zone is the server's time zone. Defaults to time.Local.
	Zone *time.Location
	// StopTimeout bounds a stop. Defaults to 10 s.
	StopTimeout time.Duration
	// Exclusive says that no other master uses this database, as with SQLite: what the one before held is given back at
	// the start, without waiting for its lease.
	Exclusive bool
	// SecureCookies has browsers send their sessions by HTTPS only, even where a request does not say that it came so.
	SecureCookies bool
	// Metrics says whether /metrics is served.
	Metrics bool
	// Batches says how much is done in one transaction. Defaults to core.DefaultBatches().
	Batches core.Batches
}

func (o *Options) complete() error {
	if o.Store == nil || o.Logger == nil {
		return errors.New("master: a store and a logger are required")
	}
	if o.Zone == nil {
		o.Zone = time.Local
	}
	if o.StopTimeout <= 0 {
		o.StopTimeout = 10 * time.Second
	}
	node := core.Node{Kind: core.NodeMaster, Name: o.Name, Weight: 1, Slots: 1}
	return node.Validate()
}
