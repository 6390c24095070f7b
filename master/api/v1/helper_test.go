package v1

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/api/problem"
	"github.com/carillonhq/carillon/store"
)

var errNotMade = core.NotFound("there is no such thing")

// now is the time by the fakes' clock.
func now() time.Time { return time.Date(2026, 1, 2, 15, 4, 5, 678_901_000, time.UTC) }

// fakes are all services in memory. Each call is noted as "verb id"; fail is what every call fails with.
type fakes struct {
	tasks   []*core.Task // from the newest
	delayed []*core.DelayedTask
	runs    []*core.Run
	values  map[string]string
	unknown []int64 // keepers
	start   error   // what a start at a create fails with

	calls  []string
	actors []string
	fail   error

	taskFilter    store.TaskFilter
	delayedFilter store.DelayedFilter
	runFilter     store.RunFilter
}

func (f *fakes) note(actor *core.User, format string, args ...any) error {
	f.calls = append(f.calls, fmt.Sprintf(format, args...))
	if actor != nil {
		f.actors = append(f.actors, actor.Name)
	}
	return f.fail
}

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

func (f fakeTasks) RunOnce(_ context.Context, actor *core.User, id string) (*core.Run, error) {
	if err := f.note(actor, "run %s", id); err != nil {
		return nil, err
	}
	_, err := f.get(id)
	return &core.Run{ID: "r0", TaskID: id, State: core.RunPlanned, Trigger: core.TriggerManual}, err
}

func (f fakeTasks) get(id string) (*core.Task, error) {
	return find(f.tasks, func(t *core.Task) bool { return t.ID == id }, f.fail)
}

func (f fakeTasks) Get(_ context.Context, id string) (*core.Task, error) { return f.get(id) }

func (f fakeTasks) List(_ context.Context, filter store.TaskFilter) ([]*core.Task, error) {
	f.taskFilter = filter
	return after(f.tasks, filter.After, func(t *core.Task) string { return t.ID }, filter.Limit), f.fail
}

func (f fakeTasks) Next(t *core.Task, n int) []time.Time {
	if t.State != core.TaskRunning {
		return nil
	}
	return slices.Repeat([]time.Time{now()}, n)
}

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

func (f fakeDelayed) Reset(_ context.Context, actor *core.User, id string) error {
	return f.note(actor, "reset %s", id)
}
func (f fakeDelayed) Execute(_ context.Context, actor *core.User, id string) error {
	return f.note(actor, "execute %s", id)
}
func (f fakeDelayed) Void(_ context.Context, actor *core.User, id string) error {
	return f.note(actor, "void %s", id)
}

func (f fakeDelayed) Get(_ context.Context, id string) (*core.DelayedTask, error) {
	return find(f.delayed, func(d *core.DelayedTask) bool { return d.ID == id }, f.fail)
}

func (f fakeDelayed) List(_ context.Context, filter store.DelayedFilter) ([]*core.DelayedTask, error) {
	f.delayedFilter = filter
	return after(f.delayed, filter.After, func(d *core.DelayedTask) string { return d.ID }, filter.Limit), f.fail
}

type fakeRuns struct{ *fakes }

func (f fakeRuns) Get(_ context.Context, id string) (*core.Run, error) {
	return find(f.runs, func(r *core.Run) bool { return r.ID == id }, f.fail)
}

func (f fakeRuns) List(_ context.Context, filter store.RunFilter) ([]*core.Run, error) {
	f.runFilter = filter
	list := slices.DeleteFunc(slices.Clone(f.runs), func(r *core.Run) bool { return filter.Before != "" && r.ID >= filter.Before })
	return list[:min(filter.Limit, len(list))], f.fail
}

func (f fakeRuns) Cancel(_ context.Context, actor *core.User, id, reason string) error {
	return f.note(actor, "cancel %s %s", id, reason)
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

func (f fakeNodes) Nodes(context.Context) ([]core.Node, error) {
	return []core.Node{
		{Kind: core.NodeMaster, Name: "m", LeaseUntil: now().Add(time.Second)},
		{Kind: core.NodeWorker, Name: "w", Labels: []string{"gpu"}, LeaseUntil: now().Add(-time.Second)},
	}, f.fail
}

func (fakeNodes) Now() time.Time { return now() }

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
		Tasks: fakeTasks{f}, Delayed: fakeDelayed{f}, Runs: fakeRuns{f}, Settings: fakeSettings{f}, Nodes: fakeNodes{f}, Auth: fakeAuth{f},
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

func (f *fakes) handler() http.Handler { return http.MaxBytesHandler(f.engine(), maxBody) }

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
