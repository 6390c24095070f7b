package v1

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/api/problem"
	"github.com/carillonhq/carillon/store"
)

// Tasks is the service of tasks, as manage.Tasks has it.
type Tasks interface {
	Create(ctx context.Context, actor *core.User, t *core.Task, start bool) (unknownKeepers []int64, err error)
	Edit(ctx context.Context, actor *core.User, t *core.Task) (unknownKeepers []int64, err error)
	Start(ctx context.Context, actor *core.User, id string) error
	Pause(ctx context.Context, actor *core.User, id string) error
	Resume(ctx context.Context, actor *core.User, id string) error
	Stop(ctx context.Context, actor *core.User, id string) error
	Delete(ctx context.Context, actor *core.User, id string) error
	RunOnce(ctx context.Context, actor *core.User, id string) (*core.Run, error)
	Get(ctx context.Context, id string) (*core.Task, error)
	List(ctx context.Context, f store.TaskFilter) ([]*core.Task, error)
	Next(t *core.Task, n int) []time.Time
}

// Delayed is the service of delayed tasks, as manage.Delayed has it.
type Delayed interface {
	Create(ctx context.Context, actor *core.User, d *core.DelayedTask) error
	CreateBatch(ctx context.Context, actor *core.User, items []*core.DelayedTask) error
	Reset(ctx context.Context, actor *core.User, id string) error
	Execute(ctx context.Context, actor *core.User, id string) error
	Void(ctx context.Context, actor *core.User, id string) error
	Get(ctx context.Context, id string) (*core.DelayedTask, error)
	List(ctx context.Context, f store.DelayedFilter) ([]*core.DelayedTask, error)
}

// Runs is the service of runs, as manage.Runs has it.
type Runs interface {
	Get(ctx context.Context, id string) (*core.Run, error)
	List(ctx context.Context, f store.RunFilter) ([]*core.Run, error)
	Cancel(ctx context.Context, actor *core.User, id, reason string) error
}

// Settings is the service of settings, as manage.Settings has it.
type Settings interface {
	Values(ctx context.Context) (map[string]string, error)
	Save(ctx context.Context, actor *core.User, values map[string]string) error
}

// Nodes knows the nodes and the database's clock, as store.Store does.
type Nodes interface {
	Nodes(ctx context.Context) ([]core.Node, error)
	Now() time.Time
}

// Auth says who calls, as auth.Service does.
type Auth interface {
	CheckSecret(ctx context.Context, name, secret, addr string) (*core.User, error)
	CheckPassword(ctx context.Context, name, password, addr string) (*core.User, error)
}

// Deps is what the API stands on. All are required.
type Deps struct {
	Tasks    Tasks
	Delayed  Delayed
	Runs     Runs
	Settings Settings
	Nodes    Nodes
	Auth     Auth
	Logger   *slog.Logger
}

// Base is the path that all of this API lies under.
const Base = "/api/v1"

// maxID is the longest id that is looked for, in bytes.
const maxID = 100

//go:embed openapi.yaml
var document []byte

// api holds the handlers.
type api struct {
	Deps
	origin *http.CrossOriginProtection
}

// request is a request that was let in.
type request struct {
	*gin.Context
	user  *core.User
	id    string // in the path; empty when the path has none
	query *query // parameters that the route knows, each given once
}

// route is one operation, the least role that may use it, and the query parameters it knows.
type route struct {
	method, path string
	role         core.Role
	query        []string
	handle       func(r *request) error
}

// routes is the table of all operations but the document's. Each role may do what those after it may: admin, developer,
// operator, viewer.
func (a *api) routes() []route {
	paged := func(filters ...string) []string { return append(filters, "limit", "cursor") }
	return []route{
		{http.MethodGet, "/tasks", core.RoleViewer, paged("title", "state", "kind"), a.listTasks},
		{http.MethodPost, "/tasks", core.RoleDeveloper, []string{"start"}, a.createTask},
		{http.MethodGet, "/tasks/:id", core.RoleViewer, nil, a.getTask},
		{http.MethodPut, "/tasks/:id", core.RoleDeveloper, nil, a.editTask},
		{http.MethodDelete, "/tasks/:id", core.RoleDeveloper, nil, a.deleteTask},
		{http.MethodGet, "/tasks/:id/runs", core.RoleViewer, paged("state", "dueFrom", "dueTo"), a.listTaskRuns},
		{http.MethodPost, "/tasks/:id/start", core.RoleOperator, nil, a.moveTask(Tasks.Start)},
		{http.MethodPost, "/tasks/:id/pause", core.RoleOperator, nil, a.moveTask(Tasks.Pause)},
		{http.MethodPost, "/tasks/:id/resume", core.RoleOperator, nil, a.moveTask(Tasks.Resume)},
		{http.MethodPost, "/tasks/:id/stop", core.RoleOperator, nil, a.moveTask(Tasks.Stop)},
		{http.MethodPost, "/tasks/:id/run", core.RoleOperator, nil, a.runTask},
		{http.MethodGet, "/delayed-tasks", core.RoleViewer, paged("sourceApp", "topic", "contentKey", "state"), a.listDelayed},
		{http.MethodPost, "/delayed-tasks", core.RoleOperator, nil, a.createDelayed},
		{http.MethodGet, "/delayed-tasks/:id", core.RoleViewer, nil, a.getDelayed},
		{http.MethodPost, "/delayed-tasks/:id/reset", core.RoleOperator, nil, a.moveDelayed(Delayed.Reset)},
		{http.MethodPost, "/delayed-tasks/:id/execute", core.RoleOperator, nil, a.moveDelayed(Delayed.Execute)},
		{http.MethodPost, "/delayed-tasks/:id/void", core.RoleOperator, nil, a.moveDelayed(Delayed.Void)},
		{http.MethodGet, "/runs", core.RoleViewer, paged("taskId", "delayedTaskId", "state", "dueFrom", "dueTo"), a.listRuns},
		{http.MethodGet, "/runs/:id", core.RoleViewer, nil, a.getRun},
		{http.MethodPost, "/runs/:id/cancel", core.RoleOperator, nil, a.cancelRun},
		{http.MethodGet, "/nodes", core.RoleViewer, nil, a.listNodes},
		{http.MethodGet, "/settings", core.RoleViewer, nil, a.getSettings},
		{http.MethodPut, "/settings", core.RoleAdmin, nil, a.saveSettings},
	}
}

// Register adds the API's routes to a router. The size of bodies is the router's to bound.
func Register(r gin.IRouter, deps Deps) {
	a := &api{Deps: deps, origin: http.NewCrossOriginProtection()}
	group := r.Group(Base)
	group.GET("/openapi.yaml", func(c *gin.Context) { c.Data(http.StatusOK, "application/yaml", document) })
	for _, rt := range a.routes() {
		group.Handle(rt.method, rt.path, func(c *gin.Context) {
			if err := a.serve(c, rt); err != nil {
				problem.Write(c, a.Logger, err)
			}
		})
	}
}

func (a *api) serve(c *gin.Context, rt route) error {
	user, err := a.admit(c.Request, rt.role)
	if err != nil {
		return err
	}
	r := &request{Context: c, user: user, id: c.Param("id"), query: readQuery(c.Request.URL.RawQuery, rt.query)}
	if r.query.err != nil {
		return r.query.err
	}
	if len(r.id) > maxID {
		return &core.Error{Code: core.CodeNotFound, Format: "there is nothing with an id this long"}
	}
	return rt.handle(r)
}

// reply answers with v as JSON.
func reply(r *request, status int, v any) error {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	r.Data(status, "application/json; charset=utf-8", out.Bytes())
	return nil
}
