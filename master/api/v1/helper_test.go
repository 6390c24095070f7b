package v1

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/api/problem"
	"github.com/carillonhq/carillon/master/auth"
	"github.com/carillonhq/carillon/master/manage"
	"github.com/carillonhq/carillon/master/schedule"
	"github.com/carillonhq/carillon/plugins/manifest"
	"github.com/carillonhq/carillon/store"
)

var errNotMade = core.NotFound("there is no such thing")

// now is the time by the fakes' clock.
func now() time.Time { return time.Date(2026, 1, 2, 15, 4, 5, 678_901_000, time.UTC) }

// fakes are all services in memory. Each call is noted as "verb id"; fail is what every call fails with.
type fakes struct {
	trial   manage.Trial
	tasks   []*core.Task // from the newest
	delayed []*core.DelayedTask
	runs    []*core.Run
	values  map[string]string
	unknown []int64 // keepers
	start   error   // what a start at a create fails with

	calls  []string
	actors []string
	fail   error
	// reached is how far a list says that it looked.
	reached string
	// storing is what an upload does once the package has come.
	storing func(ctx context.Context) error

	taskFilter    store.TaskFilter
	taskBulk      manage.TaskBulk
	overrides     core.Overrides
	delayedFilter store.DelayedFilter
	delayedBulk   manage.DelayedBulk
	clearFilter   store.ClearFilter
	runFilter     store.RunFilter
	nodeEdit      core.NodeEdit
	userEdit      auth.UserEdit
	token         *core.APIToken
	auditFilter   store.AuditFilter
	audit         []core.AuditEntry
	logQuery      manage.LogQuery
	log           []core.LogRecord
	authors       []core.Author // of the calls that change something
}

func (f *fakes) note(actor *core.User, format string, args ...any) error {
	f.calls = append(f.calls, fmt.Sprintf(format, args...))
	if actor != nil {
		f.actors = append(f.actors, actor.Name)
	}
	return f.fail
}

// inPath is a parameter in a route's path.
var inPath = regexp.MustCompile(`:(\w+)`)

func find[T any](list []T, is func(T) bool, fail error) (T, error) {
	var none T
	if fail != nil {
		return none, fail
	}
	if i := slices.IndexFunc(list, is); i >= 0 {
		return list[i], nil
	}
	return none, errNotMade
}

// after cuts a list to the page that follows an id.
func after[T any](list []T, id string, of func(T) string, limit int) []T {
	if i := slices.IndexFunc(list, func(v T) bool { return of(v) == id }); i >= 0 {
		list = list[i+1:]
	}
	return list[:min(limit, len(list))]
}

type fakeTasks struct{ *fakes }

func (f fakeTasks) Create(_ context.Context, actor *core.User, t *core.Task, start bool) ([]int64, error) {
	if err := f.note(actor, "create %v", start); err != nil {
		return nil, err
	}
	t.ID, t.State, t.Version, t.CreatedAt, t.Namespace = fmt.Sprintf("t%d", len(f.tasks)), core.TaskStopped, 1, now(), "default"
	f.tasks = append(f.tasks, t)
	return f.unknown, f.start
}

func (f fakeTasks) Edit(_ context.Context, actor *core.User, t *core.Task) ([]int64, error) {
	if err := f.note(actor, "edit %s", t.ID); err != nil {
		return nil, err
	}
	i := slices.IndexFunc(f.tasks, func(k *core.Task) bool { return k.ID == t.ID })
	t.State, t.Version = core.TaskStopped, f.tasks[i].Version+1
	f.tasks[i] = t
	return f.unknown, nil
}

func (f fakeTasks) move(actor *core.User, verb, id string, to core.TaskState) error {
	if err := f.note(actor, "%s %s", verb, id); err != nil {
		return err
	}
	t, err := f.get(id)
	if err == nil {
		t.State = to
	}
	return err
}

func (f fakeTasks) Start(_ context.Context, actor *core.User, id string) error {
	return f.move(actor, "start", id, core.TaskRunning)
}
func (f fakeTasks) Pause(_ context.Context, actor *core.User, id string) error {
	return f.move(actor, "pause", id, core.TaskPaused)
}
func (f fakeTasks) Resume(_ context.Context, actor *core.User, id string) error {
	return f.move(actor, "resume", id, core.TaskRunning)
}
func (f fakeTasks) Stop(_ context.Context, actor *core.User, id string) error {
	return f.move(actor, "stop", id, core.TaskStopped)
}
func (f fakeTasks) Delete(_ context.Context, actor *core.User, id string) error {
	return f.move(actor, "delete", id, core.TaskDeleted)
}

func (f fakeTasks) RunWith(_ context.Context, actor *core.User, id string, given core.Overrides) (*core.Run, error) {
	f.overrides = given
	if err := f.note(actor, "run %s", id); err != nil {
		return nil, err
	}
	_, err := f.get(id)
	return &core.Run{ID: "r0", TaskID: id, State: core.RunPlanned, Trigger: core.TriggerManual}, err
}

// Bulk refuses t9.
func (f fakeTasks) Bulk(_ context.Context, actor *core.User, b manage.TaskBulk) (manage.TaskBulkDone, error) {
	f.taskBulk = b
	return manage.TaskBulkDone{Done: 2, Refused: []manage.TaskRefusal{{ID: "t9", Title: "nine", Err: core.Conflict("not now")}}, Next: b.Filter.After}, f.note(actor, "bulk %s", b.Action)
}

// Versions are 9 down to 1.
func (fakeTasks) Versions(_ context.Context, _ string, before int64, limit int) (versions []manage.TaskVersion, err error) {
	for v := int64(9); v > 0 && len(versions) < limit; v-- {
		if before == 0 || v < before {
			versions = append(versions, manage.TaskVersion{
				TaskVersion: store.TaskVersion{Version: v, At: now(), By: "ada", Title: fmt.Sprint("title ", v)}, Changes: []core.FieldChange{{Field: "title", After: "x"}},
			})
		}
	}
	return versions, nil
}

func (f fakeTasks) Version(_ context.Context, id string, version int64) (*core.Task, error) {
	t, err := f.get(id)
	if err != nil {
		return nil, err
	}
	then := *t
	then.Version = version
	return &then, nil
}

func (f fakeTasks) Restore(_ context.Context, actor *core.User, id string, version int64) (*core.Task, []int64, error) {
	if err := f.note(actor, "restore %s %d", id, version); err != nil {
		return nil, nil, err
	}
	t, err := f.get(id)
	return t, f.unknown, err
}

func (f fakeTasks) get(id string) (*core.Task, error) {
	return find(f.tasks, func(t *core.Task) bool { return t.ID == id }, f.fail)
}

func (f fakeTasks) Get(_ context.Context, id string) (*core.Task, error) { return f.get(id) }

func (f fakeTasks) ListOn(_ context.Context, filter store.TaskFilter) ([]*core.Task, *store.TaskPlace, error) {
	f.taskFilter = filter
	behind := ""
	if filter.Behind != nil {
		behind = filter.Behind.ID
	}
	tasks := after(f.tasks, behind, func(t *core.Task) string { return t.ID }, filter.Limit+1)
	if len(tasks) <= filter.Limit {
		return tasks, nil, f.fail
	}
	tasks = tasks[:filter.Limit]
	last := tasks[filter.Limit-1]
	return tasks, &store.TaskPlace{ID: last.ID, Text: last.Title, Number: 7}, f.fail
}

func (f fakeTasks) Next(t *core.Task, n int) []time.Time {
	if t.State != core.TaskRunning {
		return nil
	}
	return slices.Repeat([]time.Time{now()}, n)
}

func (f fakeTasks) Preview(what *core.Schedule, after time.Time, n int) ([]schedule.Instant, error) {
	if f.fail != nil {
		return nil, f.fail
	}
	return schedule.Preview(what, after, n, time.UTC)
}

func (f fakeTasks) Zone() *time.Location { return time.UTC }

type fakeDelayed struct{ *fakes }

func (f fakeDelayed) Create(ctx context.Context, actor *core.User, d *core.DelayedTask) error {
	return f.CreateBatch(ctx, actor, []*core.DelayedTask{d})
}

func (f fakeDelayed) CreateBatch(_ context.Context, actor *core.User, items []*core.DelayedTask) error {
	if err := f.note(actor, "create %d", len(items)); err != nil {
		return err
	}
	for _, d := range items {
		d.ID = fmt.Sprintf("d%d", len(f.delayed))
		f.delayed = append(f.delayed, d)
	}
	return nil
}

func (f fakeDelayed) Try(_ context.Context, actor *core.User, t manage.Trial) (*core.DelayedTask, error) {
	f.trial = t
	if err := f.note(actor, "try %s", t.Callback.URL); err != nil {
		return nil, err
	}
	return &core.DelayedTask{ID: "d9", SourceApp: core.TrialApp, DelayedDefinition: core.DelayedDefinition{Callback: t.Callback, Executors: t.Executors}}, nil
}

func (f fakeDelayed) Reset(_ context.Context, actor *core.User, id string) error {
	return f.note(actor, "reset %s", id)
}
func (f fakeDelayed) Execute(_ context.Context, actor *core.User, id string) error {
	return f.note(actor, "execute %s", id)
}
func (f fakeDelayed) Void(ctx context.Context, actor *core.User, id string) error {
	author, _ := core.AuthorOf(ctx)
	f.authors = append(f.authors, author)
	return f.note(actor, "void %s", id)
}

func (f fakeDelayed) Postpone(_ context.Context, actor *core.User, id string, due time.Time) error {
	return f.note(actor, "postpone %s %s", id, due.Format(time.RFC3339))
}

// Bulk refuses d9.
func (f fakeDelayed) Bulk(_ context.Context, actor *core.User, b manage.DelayedBulk) (manage.DelayedBulkDone, error) {
	f.delayedBulk = b
	return manage.DelayedBulkDone{Done: 1, Refused: []manage.DelayedRefusal{{ID: "d9", Err: core.Conflict("not now")}}}, f.note(actor, "bulk %s", b.Action)
}

func (f fakeDelayed) Get(_ context.Context, id string) (*core.DelayedTask, error) {
	return find(f.delayed, func(d *core.DelayedTask) bool { return d.ID == id }, f.fail)
}

func (f fakeDelayed) List(_ context.Context, filter store.DelayedFilter) ([]*core.DelayedTask, string, error) {
	f.delayedFilter = filter
	return after(f.delayed, filter.After, func(d *core.DelayedTask) string { return d.ID }, filter.Limit), f.reached, f.fail
}

type fakeRuns struct{ *fakes }

func (f fakeRuns) Get(_ context.Context, id string) (*core.Run, error) {
	return find(f.runs, func(r *core.Run) bool { return r.ID == id }, f.fail)
}

func (f fakeRuns) List(_ context.Context, filter store.RunFilter) ([]*core.Run, string, error) {
	f.runFilter = filter
	list := slices.DeleteFunc(slices.Clone(f.runs), func(r *core.Run) bool {
		return filter.Before != "" && r.ID >= filter.Before || !filter.From.IsZero() && r.Due.Before(filter.From) || !filter.To.IsZero() && !r.Due.Before(filter.To)
	})
	return list[:min(filter.Limit, len(list))], f.reached, f.fail
}

func (f fakeRuns) Cancel(_ context.Context, actor *core.User, id, reason string) error {
	return f.note(actor, "cancel %s %s", id, reason)
}

func (f fakeRuns) Replay(_ context.Context, actor *core.User, id string) (*core.Run, error) {
	if _, err := f.Get(context.Background(), id); err != nil {
		return nil, err
	}
	return &core.Run{ID: "r9", ReplayOf: id, Trigger: core.TriggerReplay, State: core.RunPlanned}, f.note(actor, "replay %s", id)
}

// Sent knows what was sent by runs of version 1.
func (f fakeRuns) Sent(_ context.Context, actor *core.User, r *core.Run) (*manage.Sent, error) {
	if r.TaskVersion != 1 {
		return new(manage.Sent), f.fail
	}
	return &manage.Sent{Curl: &manage.Curl{Command: "curl 'a' <" + actor.Name + ">", Masked: true}}, f.fail
}

func (f fakeRuns) Count(_ context.Context, filter store.ClearFilter) (manage.Cleared, error) {
	f.clearFilter = filter
	return manage.Cleared{Left: manage.ClearCounted}, f.fail
}

func (f fakeRuns) Clear(_ context.Context, actor *core.User, filter store.ClearFilter) (manage.Cleared, error) {
	f.clearFilter = filter
	return manage.Cleared{Deleted: 5000, Left: 7}, f.note(actor, "clear")
}

type fakeSettings struct{ *fakes }

func (f fakeSettings) Values(context.Context) (map[string]string, error) { return f.values, f.fail }

func (f fakeSettings) Save(_ context.Context, actor *core.User, changed map[string]string) error {
	if err := f.note(actor, "save %d", len(changed)); err != nil {
		return err
	}
	for name, v := range changed {
		f.values[name] = v
	}
	return nil
}

type fakeNodes struct{ *fakes }

func (f fakeNodes) List(context.Context) ([]core.Node, error) {
	return []core.Node{
		{Kind: core.NodeMaster, Name: "m", LeaseUntil: now().Add(time.Second)},
		{Kind: core.NodeWorker, Name: "w", Labels: []string{"gpu"}, LeaseUntil: now().Add(-time.Second)},
	}, f.fail
}

func (f fakeNodes) Get(ctx context.Context, kind core.NodeKind, name string) (*core.Node, error) {
	all, err := f.List(ctx)
	n, err := find(all, func(n core.Node) bool { return n.Kind == kind && n.Name == name }, err)
	return &n, err
}

func (f fakeNodes) Edit(ctx context.Context, actor *core.User, kind core.NodeKind, name string, edit core.NodeEdit) (*core.Node, error) {
	if err := f.note(actor, "edit %s %s", kind, name); err != nil {
		return nil, err
	}
	f.nodeEdit = edit
	return f.Get(ctx, kind, name)
}

func (f fakeNodes) move(ctx context.Context, actor *core.User, verb string, kind core.NodeKind, name string) (*core.Node, error) {
	if err := f.note(actor, "%s %s %s", verb, kind, name); err != nil {
		return nil, err
	}
	return f.Get(ctx, kind, name)
}

func (f fakeNodes) Enable(ctx context.Context, actor *core.User, kind core.NodeKind, name string) (*core.Node, error) {
	return f.move(ctx, actor, "enable", kind, name)
}
func (f fakeNodes) Drain(ctx context.Context, actor *core.User, kind core.NodeKind, name string) (*core.Node, error) {
	return f.move(ctx, actor, "drain", kind, name)
}
func (f fakeNodes) Disable(ctx context.Context, actor *core.User, kind core.NodeKind, name string) (*core.Node, error) {
	return f.move(ctx, actor, "disable", kind, name)
}

func (f fakeNodes) Delete(_ context.Context, actor *core.User, kind core.NodeKind, name string) error {
	return f.note(actor, "delete %s %s", kind, name)
}

func (fakeNodes) Now() time.Time { return now() }

// fakePlugins has one package, demo, with one version, whose file is "zip".
type fakePlugins struct{ *fakes }

func (f fakePlugins) version() (*core.PluginVersion, *manifest.Manifest) {
	return &core.PluginVersion{
			Package: "demo", Version: "1.2.3", Digest: "d1", Size: 3, Chunks: 1, Signed: true, UploadedBy: 1, UploadedByName: "ada", UploadedAt: now(),
		}, &manifest.Manifest{
			Name: "demo", Version: "1.2.3", Description: "A demo", Executables: map[string]string{"any": "run", "linux/amd64": "tool"},
			Tasks: map[string]manifest.Task{
				"b": {}, "a": {Title: "Task a", Description: "Does a", Parameters: map[string]any{"type": "object"}},
			},
			Limits: manifest.Limits{Memory: 1, AddressSpace: 2, CPUSeconds: 3, OpenFiles: 4, Processes: 5}, Concurrency: 6,
		}
}

func (f fakePlugins) plugin() manage.Plugin {
	v, _ := f.version()
	return manage.Plugin{Package: "demo", Latest: v, Versions: []*core.PluginVersion{v}}
}

func (f fakePlugins) List(context.Context) ([]manage.Plugin, error) {
	return []manage.Plugin{f.plugin()}, f.fail
}

func (f fakePlugins) Get(_ context.Context, name string) (*manage.PluginDetails, error) {
	_, m := f.version()
	if name != "demo" {
		return nil, errNotMade
	}
	return &manage.PluginDetails{
		Plugin: f.plugin(), Manifest: m, TaskCount: 7, Tasks: []core.PluginTask{{TaskID: "t1", Title: "nightly", State: core.TaskRunning, Version: "1.0.0"}},
	}, f.fail
}

func (f fakePlugins) Version(_ context.Context, name, version string) (*core.PluginVersion, *manifest.Manifest, error) {
	v, m := f.version()
	if name != v.Package || version != v.Version {
		return nil, nil, errNotMade
	}
	return v, m, f.fail
}

func (f fakePlugins) Upload(ctx context.Context, actor *core.User, r io.Reader) (*core.PluginVersion, bool, error) {
	content, err := io.ReadAll(r)
	if err != nil {
		return nil, false, fmt.Errorf("receive: %w", err)
	}
	if f.storing != nil {
		if err := f.storing(ctx); err != nil {
			return nil, false, err
		}
	}
	v, _ := f.version()
	return v, string(content) != "again", f.note(actor, "upload %d", len(content))
}

func (f fakePlugins) Download(ctx context.Context, name, version string) (*core.PluginVersion, io.Reader, error) {
	v, _, err := f.Version(ctx, name, version)
	return v, strings.NewReader("zip"), err
}

func (f fakePlugins) Delete(_ context.Context, actor *core.User, name, version string) error {
	return f.note(actor, "delete %s %s", name, version)
}

type fakeJoinToken struct{ *fakes }

func (f fakeJoinToken) Rotate(_ context.Context, actor *core.User, grace time.Duration) (string, time.Time, error) {
	return "the-new-token", now().Add(grace), f.note(actor, "rotate %s", grace)
}

// fakeAuth knows a user of each role: the name is the role, the password too, the secret "secret of " and the role.
type fakeAuth struct{ *fakes }

func (f fakeAuth) CheckSecret(_ context.Context, name, secret, addr string) (*core.User, error) {
	return f.check(name, secret == "secret of "+name, addr)
}

func (f fakeAuth) CheckPassword(_ context.Context, name, password, addr string) (*core.User, error) {
	return f.check(name, password == name, addr)
}

func (f fakeAuth) check(name string, right bool, addr string) (*core.User, error) {
	if addr != "192.0.2.1" {
		return nil, fmt.Errorf("the address is %q", addr)
	}
	if f.fail != nil {
		return nil, f.fail
	}
	if !right {
		return nil, &core.Error{Code: core.CodeUnauthenticated, Format: "wrong"}
	}
	return &core.User{ID: 1, Name: name, Role: core.Role(name)}, nil
}

func (f *fakes) api() *api {
	return &api{origin: http.NewCrossOriginProtection(), Deps: Deps{
		Tasks: fakeTasks{f}, Delayed: fakeDelayed{f}, Runs: fakeRuns{f}, Settings: fakeSettings{f}, Nodes: fakeNodes{f},
		Plugins: fakePlugins{f}, Users: fakeUsers{f}, Audit: fakeAudit{f}, Overview: fakeOverview{f}, SystemLog: fakeSystemLog{f}, Sessions: fakeSessions{}, JoinToken: fakeJoinToken{f}, Auth: fakeAuth{f},
		Logger: slog.New(slog.DiscardHandler),
	}}
}

// maxBody is the size that the router bounds bodies to.
const maxBody = 1 << 20

func (f *fakes) engine() *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.HandleMethodNotAllowed = true
	Register(engine, f.api().Deps)
	return engine
}

func (f *fakes) handler() http.Handler {
	engine := f.engine()
	limited := http.MaxBytesHandler(engine, maxBody)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if BoundsBody(r) {
			engine.ServeHTTP(w, r)
			return
		}
		limited.ServeHTTP(w, r)
	})
}

// call is one request; as admin and as JSON when it does not say otherwise.
type call struct {
	method, path, body string
	role               core.Role
	header             map[string]string
}

func (f *fakes) do(t testing.TB, c call) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), cmp.Or(c.method, http.MethodGet), Base+c.path, strings.NewReader(c.body))
	role := string(cmp.Or(c.role, core.RoleAdmin))
	r.SetBasicAuth(role, role)
	r.Header.Set("Content-Type", "application/json")
	for name, v := range c.header {
		r.Header.Set(name, v)
		if v == "" {
			r.Header.Del(name)
		}
	}
	w := httptest.NewRecorder()
	f.handler().ServeHTTP(w, r)
	return w
}

// get does a call that must succeed with a status, and reads its answer into a T.
func get[T any](t testing.TB, f *fakes, status int, c call) T {
	t.Helper()
	w := f.do(t, c)
	require.Equal(t, status, w.Code, "%s", w.Body)
	var v T
	if status != http.StatusNoContent {
		require.Equal(t, "application/json; charset=utf-8", w.Header().Get("Content-Type"))
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &v))
	}
	return v
}

// refused does a call that must be refused with a status, and gives the problem.
func (f *fakes) refused(t testing.TB, status int, c call) problem.Problem {
	t.Helper()
	w := f.do(t, c)
	require.Equal(t, status, w.Code, "%s", w.Body)
	require.Equal(t, problem.MediaType, w.Header().Get("Content-Type"))
	var p problem.Problem
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &p))
	require.Equal(t, status, p.Status)
	require.Regexp(t, "^[0-9a-f]{32}$", p.TraceID)
	return p
}
