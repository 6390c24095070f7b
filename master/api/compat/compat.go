package compat

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/wallclock"
	"github.com/carillonhq/carillon/store"
)

// Tasks is what is done with tasks; *manage.Tasks does it.
type Tasks interface {
	Create(ctx context.Context, actor *core.User, t *core.Task, start bool) (unknownKeepers []int64, err error)
	Edit(ctx context.Context, actor *core.User, t *core.Task) (unknownKeepers []int64, err error)
	Start(ctx context.Context, actor *core.User, id string) error
	Pause(ctx context.Context, actor *core.User, id string) error
	Resume(ctx context.Context, actor *core.User, id string) error
	Stop(ctx context.Context, actor *core.User, id string) error
	RunOnce(ctx context.Context, actor *core.User, id string) (*core.Run, error)
	Get(ctx context.Context, id string) (*core.Task, error)
	List(ctx context.Context, f store.TaskFilter) ([]*core.Task, error)
	Count(ctx context.Context, f store.TaskFilter) (int64, error)
	Next(t *core.Task, n int) []time.Time
}

// Delayed creates delayed tasks; *manage.Delayed does it.
type Delayed interface {
	Create(ctx context.Context, actor *core.User, d *core.DelayedTask) error
}

// Settings gives the settings in force; *manage.Settings does it.
type Settings interface {
	Current(ctx context.Context) (core.Settings, error)
}

// Auth says who calls; *auth.Service does it.
type Auth interface {
	CheckSecret(ctx context.Context, name, secret, addr string) (*core.User, error)
}

// Deps are what the form API needs. Fields without a default are required.
type Deps struct {
	Tasks    Tasks
	Delayed  Delayed
	Settings Settings
	Auth     Auth
	// Logger takes the details of failures, which callers do not see.
	Logger *slog.Logger
	// Zone is the zone that times are read and shown in. Defaults to the process's.
	Zone *time.Location
	// Now is the clock that a relative delay counts from. Defaults to wallclock.Now.
	Now func() time.Time
}

const (
	taskPath    = "/api/task"
	delayedPath = "/api/delaytask"
)

// Register adds the form API to a router. The router must be wrapped by FoldCase.
func Register(r gin.IRouter, deps Deps) {
	if deps.Zone == nil {
		deps.Zone = time.Local
	}
	if deps.Now == nil {
		deps.Now = wallclock.Now
	}
	a := &api{Deps: deps}
	a.scratch.New = func() any { return new(scratch) }
	r.Any(taskPath+"/*action", a.serve(map[string]action{
		"create":          {http.MethodPost, core.RoleDeveloper, a.createTask},
		"edit":            {http.MethodPost, core.RoleDeveloper, a.editTask},
		"start":           {http.MethodPost, core.RoleOperator, a.moveTask(deps.Tasks.Start, "the task was started")},
		"pause":           {http.MethodPost, core.RoleOperator, a.moveTask(deps.Tasks.Pause, "the task was paused")},
		"resume":          {http.MethodPost, core.RoleOperator, a.moveTask(deps.Tasks.Resume, "the task was resumed")},
		"stop":            {http.MethodPost, core.RoleOperator, a.moveTask(deps.Tasks.Stop, "the task was stopped")},
		"runonce":         {http.MethodPost, core.RoleOperator, a.moveTask(a.runOnce, "the task is being run once")},
		"querylist":       {http.MethodGet, core.RoleViewer, a.listTasks},
		"querytaskdetail": {http.MethodGet, core.RoleViewer, a.showTask},
	}))
	r.Any(delayedPath+"/*action", a.serve(map[string]action{
		"create": {http.MethodPost, core.RoleOperator, a.createDelayed},
	}))
}

// api is the form API.
type api struct {
	Deps
	scratch sync.Pool // *scratch
}

// action is one thing that the form API does.
type action struct {
	verb string
	role core.Role // the least that may do it
	run  func(*call) (reply, error)
}
