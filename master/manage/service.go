package manage

import (
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/plugins/pack"
	"github.com/carillonhq/carillon/store"
)

// Options are what the services need. Fields without a default are required.
type Options struct {
	Store  *store.Store
	Logger *slog.Logger
	// Zone is the server's zone, that of schedules which name none. Defaults to the process's.
	Zone *time.Location
	// Horizon is how far ahead of its due instant a run is planned. Defaults to core.PlanHorizon.
	Horizon time.Duration
	// Route gives the queue of a run.
	Route store.Route
	// Wake tells this master's dispatcher that a run is to be sent at an instant within its look-ahead.
	Wake func(at time.Time)
	// Cancel tells this master that somebody asked to end a run that is with a worker. The request is in the store.
	Cancel func()
	// Plugins say which plugin packages are taken.
	Plugins PluginOptions
	// NewID makes the id of a task, a delayed task, a request or a plugin version. Later ids must sort later. Defaults to version 7 UUIDs.
	NewID func() string
}

// Service is all services together.
type Service struct {
	Tasks    *Tasks
	Delayed  *Delayed
	Runs     *Runs
	Nodes    *Nodes
	Plugins  *Plugins
	Settings *Settings
	Audit    *Audit
	Overview *Overviews
	Log      *SystemLog
}

// New makes the services.
func New(opts Options) (*Service, error) {
	switch {
	case opts.Store == nil:
		return nil, errors.New("manage: the store is required")
	case opts.Logger == nil:
		return nil, errors.New("manage: the logger is required")
	case opts.Route == nil:
		return nil, errors.New("manage: the route is required")
	case opts.Wake == nil || opts.Cancel == nil:
		return nil, errors.New("manage: both Wake and Cancel are required")
	case opts.Horizon < 0:
		return nil, errors.New("manage: the horizon must not be negative")
	case opts.Plugins.MaxSize < 0:
		return nil, errors.New("manage: the largest size of a plugin package must not be negative")
	}
	if opts.Zone == nil {
		opts.Zone = time.Local
	}
	if opts.Horizon == 0 {
		opts.Horizon = core.PlanHorizon
	}
	if opts.Plugins.MaxSize == 0 {
		opts.Plugins.MaxSize = pack.DefaultMaxPacked
	}
	if opts.NewID == nil {
		opts.NewID = func() string { return uuid.Must(uuid.NewV7()).String() }
	}
	d := deps{
		store: opts.Store, log: opts.Logger, zone: opts.Zone, horizon: opts.Horizon,
		route: opts.Route, wake: opts.Wake, cancel: opts.Cancel, newID: opts.NewID,
	}
	settings := &Settings{store: opts.Store, log: opts.Logger}
	known := &workers{nodes: opts.Store}
	plugins := &Plugins{store: opts.Store, log: opts.Logger, newID: opts.NewID, opts: opts.Plugins}
	return &Service{
		Tasks:    &Tasks{deps: d, workers: known, plugins: plugins},
		Delayed:  &Delayed{deps: d, workers: known, settings: settings},
		Runs:     &Runs{deps: d},
		Nodes:    &Nodes{store: opts.Store, log: opts.Logger},
		Plugins:  plugins,
		Settings: settings,
		Audit:    &Audit{store: opts.Store},
		Log:      &SystemLog{store: opts.Store},
		Overview: &Overviews{store: opts.Store},
	}, nil
}

// deps is what every service has of the Options.
type deps struct {
	store   *store.Store
	log     *slog.Logger
	zone    *time.Location
	horizon time.Duration
	route   store.Route
	wake    func(time.Time)
	cancel  func()
	newID   func() string
}

// soon wakes the dispatcher when a run is to be sent so soon that its next look at the queue could be too late.
func (d *deps) soon(at, now time.Time) {
	if !at.After(now.Add(core.LookAhead)) {
		d.wake(at)
	}
}

// wholeMicros gives an instant as the store keeps it.
func wholeMicros(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
