package v1

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/api/problem"
	"github.com/carillonhq/carillon/master/auth"
	"github.com/carillonhq/carillon/master/manage"
	"github.com/carillonhq/carillon/master/schedule"
	"github.com/carillonhq/carillon/plugins/manifest"
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
	RunWith(ctx context.Context, actor *core.User, id string, given core.Overrides) (*core.Run, error)
	Get(ctx context.Context, id string) (*core.Task, error)
	Bulk(ctx context.Context, actor *core.User, b manage.TaskBulk) (manage.TaskBulkDone, error)
	ListOn(ctx context.Context, f store.TaskFilter) (tasks []*core.Task, next *store.TaskPlace, err error)
	Next(t *core.Task, n int) []time.Time
	Preview(what *core.Schedule, after time.Time, n int) ([]schedule.Instant, error)
	Zone() *time.Location
	Versions(ctx context.Context, id string, before int64, limit int) ([]manage.TaskVersion, error)
	Version(ctx context.Context, id string, version int64) (*core.Task, error)
	Restore(ctx context.Context, actor *core.User, id string, version int64) (t *core.Task, unknownKeepers []int64, err error)
}

// Delayed is the service of delayed tasks, as manage.Delayed has it.
type Delayed interface {
	Create(ctx context.Context, actor *core.User, d *core.DelayedTask) error
	CreateBatch(ctx context.Context, actor *core.User, items []*core.DelayedTask) error
	Reset(ctx context.Context, actor *core.User, id string) error
	Execute(ctx context.Context, actor *core.User, id string) error
	Void(ctx context.Context, actor *core.User, id string) error
	Postpone(ctx context.Context, actor *core.User, id string, due time.Time) error
	Bulk(ctx context.Context, actor *core.User, b manage.DelayedBulk) (manage.DelayedBulkDone, error)
	Try(ctx context.Context, actor *core.User, t manage.Trial) (*core.DelayedTask, error)
	Get(ctx context.Context, id string) (*core.DelayedTask, error)
	List(ctx context.Context, f store.DelayedFilter) (tasks []*core.DelayedTask, reached string, err error)
}

// Runs is the service of runs, as manage.Runs has it.
type Runs interface {
	Get(ctx context.Context, id string) (*core.Run, error)
	List(ctx context.Context, f store.RunFilter) (runs []*core.Run, reached string, err error)
	Cancel(ctx context.Context, actor *core.User, id, reason string) error
	Replay(ctx context.Context, actor *core.User, id string) (*core.Run, error)
	Sent(ctx context.Context, actor *core.User, r *core.Run) (*manage.Sent, error)
	Count(ctx context.Context, f store.ClearFilter) (manage.Cleared, error)
	Clear(ctx context.Context, actor *core.User, f store.ClearFilter) (manage.Cleared, error)
}

// Overviews is the service of what administrators look at first, as manage.Overviews has it.
type Overviews interface {
	Get(ctx context.Context, zone *time.Location) (*manage.Overview, error)
}

// Settings is the service of settings, as manage.Settings has it.
type Settings interface {
	Values(ctx context.Context) (map[string]string, error)
	Save(ctx context.Context, actor *core.User, values map[string]string) error
}

// Nodes is the service of nodes, as manage.Nodes has it. Now is the time by the database's clock.
type Nodes interface {
	List(ctx context.Context) ([]core.Node, error)
	Get(ctx context.Context, kind core.NodeKind, name string) (*core.Node, error)
	Edit(ctx context.Context, actor *core.User, kind core.NodeKind, name string, edit core.NodeEdit) (*core.Node, error)
	Enable(ctx context.Context, actor *core.User, kind core.NodeKind, name string) (*core.Node, error)
	Drain(ctx context.Context, actor *core.User, kind core.NodeKind, name string) (*core.Node, error)
	Disable(ctx context.Context, actor *core.User, kind core.NodeKind, name string) (*core.Node, error)
	Delete(ctx context.Context, actor *core.User, kind core.NodeKind, name string) error
	Now() time.Time
}

// Plugins is the service of plugin packages, as manage.Plugins has it.
type Plugins interface {
	List(ctx context.Context) ([]manage.Plugin, error)
	Get(ctx context.Context, name string) (*manage.PluginDetails, error)
	Version(ctx context.Context, name, version string) (*core.PluginVersion, *manifest.Manifest, error)
	Upload(ctx context.Context, actor *core.User, r io.Reader) (v *core.PluginVersion, fresh bool, err error)
	Download(ctx context.Context, name, version string) (*core.PluginVersion, io.Reader, error)
	Delete(ctx context.Context, actor *core.User, name, version string) error
}

// JoinToken keeps the token that workers join with, as join.Tokens does.
type JoinToken interface {
	Rotate(ctx context.Context, actor *core.User, grace time.Duration) (token string, formerUntil time.Time, err error)
}

// Audit is the service of the audit, as manage.Audit has it.
type Audit interface {
	List(ctx context.Context, f store.AuditFilter) ([]core.AuditEntry, error)
}

// SystemLog is the service of the masters' own log, as manage.SystemLog has it.
type SystemLog interface {
	List(ctx context.Context, q manage.LogQuery) (lines []core.LogRecord, next string, err error)
}

// Users is the service of users and their credentials, as auth.Service has it.
type Users interface {
	Accounts(ctx context.Context) ([]auth.Account, error)
	Account(ctx context.Context, id int64) (auth.Account, error)
	Create(ctx context.Context, actor, u *core.User, password string) (auth.Account, auth.Credentials, error)
	Edit(ctx context.Context, actor *core.User, id int64, edit auth.UserEdit) (auth.Account, error)
	SetLocked(ctx context.Context, actor *core.User, id int64, locked bool) (auth.Account, error)
	ResetPassword(ctx context.Context, actor *core.User, id int64, reset auth.PasswordReset) (auth.Credentials, error)
	ChangePassword(ctx context.Context, actor *core.User, current, addr string, reset auth.PasswordReset) error
	NewAPISecret(ctx context.Context, actor *core.User, id int64) (string, error)
	DropAPISecret(ctx context.Context, actor *core.User, id int64) error
	Tokens(ctx context.Context, userID int64) ([]*core.APIToken, error)
	NewToken(ctx context.Context, actor *core.User, k *core.APIToken) (value string, err error)
	DeleteToken(ctx context.Context, actor *core.User, userID, id int64) error
}

// Auth says who calls, as auth.Service does.
type Auth interface {
	CheckToken(ctx context.Context, token, addr string) (*core.User, *core.APIToken, error)
	CheckSecret(ctx context.Context, name, secret, addr string) (*core.User, error)
	CheckPassword(ctx context.Context, name, password, addr string) (*core.User, error)
}

// Sessions say who is signed in with a browser, as auth.Sessions does.
type Sessions interface {
	Check(ctx context.Context, token string) (*auth.SignedIn, error)
}

// Deps is what the API stands on. All are required but what is said to be not.
type Deps struct {
	Tasks     Tasks
	Delayed   Delayed
	Runs      Runs
	Settings  Settings
	Nodes     Nodes
	Overview  Overviews
	Users     Users
	Audit     Audit
	SystemLog SystemLog
	Plugins   Plugins
	JoinToken JoinToken
	Auth      Auth
	// Sessions let in who is signed in with a browser; without them no browser's session does.
	Sessions Sessions
	// SecureCookies says that browsers hold their session by HTTPS only, even where a request does not say that it came so.
	SecureCookies bool
	Logger        *slog.Logger
}

// Base is the path that all of this API lies under.
const Base = "/api/v1"

// maxID is the longest id that is looked for, in bytes.
const maxID = 100

//go:embed openapi.yaml
var document []byte

// Document is the OpenAPI document of this API, as it is served.
func Document() []byte { return bytes.Clone(document) }

// api holds the handlers.
type api struct {
	Deps
	origin *http.CrossOriginProtection
}

// request is a request that was let in.
type request struct {
	*gin.Context
	caller
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
		{http.MethodGet, "/tasks", core.RoleViewer, paged("search", "title", "state", "kind", "label", "worker", "keeper", "outcome", "sort"), a.listTasks},
		{http.MethodPost, "/tasks", core.RoleDeveloper, []string{"start"}, a.createTask},
		{http.MethodPost, "/tasks/bulk", core.RoleOperator, nil, a.bulkTasks},
		{http.MethodGet, "/tasks/:id", core.RoleViewer, nil, a.getTask},
		{http.MethodPut, "/tasks/:id", core.RoleDeveloper, nil, a.editTask},
		{http.MethodDelete, "/tasks/:id", core.RoleDeveloper, nil, a.deleteTask},
		{http.MethodGet, "/tasks/:id/runs", core.RoleViewer, paged("state", "trigger", "worker", "dueFrom", "dueTo"), a.listTaskRuns},
		{http.MethodGet, "/tasks/:id/versions", core.RoleViewer, paged(), a.listTaskVersions},
		{http.MethodGet, "/tasks/:id/versions/:version", core.RoleViewer, nil, a.getTaskVersion},
		{http.MethodPost, "/tasks/:id/restore", core.RoleDeveloper, nil, a.restoreTask},
		{http.MethodPost, "/tasks/:id/start", core.RoleOperator, nil, a.moveTask(Tasks.Start)},
		{http.MethodPost, "/tasks/:id/pause", core.RoleOperator, nil, a.moveTask(Tasks.Pause)},
		{http.MethodPost, "/tasks/:id/resume", core.RoleOperator, nil, a.moveTask(Tasks.Resume)},
		{http.MethodPost, "/tasks/:id/stop", core.RoleOperator, nil, a.moveTask(Tasks.Stop)},
		{http.MethodPost, "/tasks/:id/run", core.RoleOperator, nil, a.runTask},
		{http.MethodGet, "/delayed-tasks", core.RoleViewer, paged("sourceApp", "topic", "contentKey", "state", "dueFrom", "dueTo"), a.listDelayed},
		{http.MethodPost, "/tasks/test", core.RoleDeveloper, nil, a.tryCallback},
		{http.MethodPost, "/tasks/import-curl", core.RoleDeveloper, nil, a.importCurl},
		{http.MethodGet, "/schedule/preview", core.RoleViewer, []string{"kind", "cron", "interval", "zone", "start", "end", "from", "count"}, a.previewSchedule},
		{http.MethodPost, "/delayed-tasks", core.RoleOperator, nil, a.createDelayed},
		{http.MethodPost, "/delayed-tasks/bulk", core.RoleOperator, nil, a.bulkDelayed},
		{http.MethodGet, "/delayed-tasks/:id", core.RoleViewer, nil, a.getDelayed},
		{http.MethodPost, "/delayed-tasks/:id/reset", core.RoleOperator, nil, a.moveDelayed(Delayed.Reset)},
		{http.MethodPost, "/delayed-tasks/:id/execute", core.RoleOperator, nil, a.moveDelayed(Delayed.Execute)},
		{http.MethodPost, "/delayed-tasks/:id/void", core.RoleOperator, nil, a.moveDelayed(Delayed.Void)},
		{http.MethodPost, "/delayed-tasks/:id/postpone", core.RoleOperator, nil, a.postponeDelayed},
		{http.MethodGet, "/runs", core.RoleViewer, paged("taskId", "delayedTaskId", "occurrenceId", "parentRunId", "state", "trigger", "worker", "dueFrom", "dueTo"), a.listRuns},
		{http.MethodPost, "/runs/clear", core.RoleAdmin, nil, a.clearRuns},
		{http.MethodGet, "/runs/:id", core.RoleViewer, nil, a.getRun},
		{http.MethodGet, "/runs/:id/curl", core.RoleViewer, nil, a.getCurl},
		{http.MethodPost, "/runs/:id/cancel", core.RoleOperator, nil, a.cancelRun},
		{http.MethodPost, "/runs/:id/replay", core.RoleOperator, nil, a.replayRun},
		{http.MethodGet, "/overview", core.RoleViewer, []string{"zone"}, a.getOverview},
		{http.MethodGet, "/nodes", core.RoleViewer, nil, a.listNodes},
		{http.MethodGet, "/nodes/:kind/:name", core.RoleViewer, nil, a.getNode},
		{http.MethodPatch, "/nodes/:kind/:name", core.RoleAdmin, nil, a.editNode},
		{http.MethodDelete, "/nodes/:kind/:name", core.RoleAdmin, nil, a.deleteNode},
		{http.MethodPost, "/nodes/:kind/:name/enable", core.RoleOperator, nil, a.moveNode(Nodes.Enable)},
		{http.MethodPost, "/nodes/:kind/:name/drain", core.RoleOperator, nil, a.moveNode(Nodes.Drain)},
		{http.MethodPost, "/nodes/:kind/:name/disable", core.RoleOperator, nil, a.moveNode(Nodes.Disable)},
		{http.MethodGet, "/plugins", core.RoleViewer, nil, a.listPlugins},
		{http.MethodPost, uploadPath, core.RoleDeveloper, nil, a.uploadPlugin},
		{http.MethodGet, "/plugins/:package", core.RoleViewer, nil, a.getPlugin},
		{http.MethodGet, "/plugins/:package/versions/:version", core.RoleViewer, nil, a.getPluginVersion},
		{http.MethodDelete, "/plugins/:package/versions/:version", core.RoleDeveloper, nil, a.deletePlugin},
		{http.MethodGet, "/plugins/:package/versions/:version/file", core.RoleDeveloper, nil, a.downloadPlugin},
		{http.MethodPost, "/join-token/rotate", core.RoleAdmin, nil, a.rotateJoinToken},
		{http.MethodGet, "/me", core.RoleViewer, nil, a.getMe},
		{http.MethodPatch, "/me", core.RoleViewer, nil, a.editMe},
		{http.MethodPost, "/me/password", core.RoleViewer, nil, a.changePassword},
		{http.MethodPost, "/me/api-secret", core.RoleViewer, nil, a.newAPISecret},
		{http.MethodDelete, "/me/api-secret", core.RoleViewer, nil, a.dropAPISecret},
		{http.MethodGet, "/me/api-tokens", core.RoleViewer, nil, a.listTokens},
		{http.MethodPost, "/me/api-tokens", core.RoleViewer, nil, a.newToken},
		{http.MethodDelete, "/me/api-tokens/:token", core.RoleViewer, nil, a.deleteToken},
		{http.MethodGet, "/users", core.RoleViewer, nil, a.listUsers},
		{http.MethodPost, "/users", core.RoleAdmin, nil, a.createUser},
		{http.MethodGet, "/users/:id", core.RoleViewer, nil, a.getUser},
		{http.MethodPatch, "/users/:id", core.RoleAdmin, nil, a.editUser},
		{http.MethodPost, "/users/:id/lock", core.RoleAdmin, nil, a.setLocked(true)},
		{http.MethodPost, "/users/:id/unlock", core.RoleAdmin, nil, a.setLocked(false)},
		{http.MethodPost, "/users/:id/reset-password", core.RoleAdmin, nil, a.resetPassword},
		{http.MethodPost, "/users/:id/api-secret", core.RoleAdmin, nil, a.newAPISecret},
		{http.MethodDelete, "/users/:id/api-secret", core.RoleAdmin, nil, a.dropAPISecret},
		{http.MethodGet, "/users/:id/api-tokens", core.RoleAdmin, nil, a.listTokens},
		{http.MethodPost, "/users/:id/api-tokens", core.RoleAdmin, nil, a.newToken},
		{http.MethodDelete, "/users/:id/api-tokens/:token", core.RoleAdmin, nil, a.deleteToken},
		{http.MethodGet, "/audit", core.RoleOperator, paged("user", "kind", "objectId", "action", "from", "to"), a.listAudit},
		{http.MethodGet, "/system-log", core.RoleOperator, paged("level", "node", "text", "from", "to"), a.listSystemLog},
		{http.MethodGet, "/settings", core.RoleViewer, nil, a.getSettings},
		{http.MethodPut, "/settings", core.RoleAdmin, nil, a.saveSettings},
	}
}

const uploadPath = "/plugins"

// BoundsBody says of a request that its handler bounds the body by itself: that of an upload is larger than others.
func BoundsBody(r *http.Request) bool {
	return r.Method == http.MethodPost && r.URL.Path == Base+uploadPath
}

// Register adds the API's routes to a router. The size of bodies is the router's to bound, but for those of BoundsBody.
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
	who, err := a.admit(c.Request, rt.role)
	if err != nil {
		return err
	}
	c.Request = c.Request.WithContext(core.WithAuthor(c.Request.Context(), who.author()))
	r := &request{Context: c, caller: who, id: c.Param("id"), query: readQuery(c.Request.URL.RawQuery, rt.query)}
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
