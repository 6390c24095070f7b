package schedulemaster

import (
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/master/auth"
	"github.com/carillonhq/carillon/master/manage"
	"github.com/carillonhq/carillon/store"
)

// The MD5 of passwords.
const (
	md5Of123456 = "e10adc3949ba59abbe56e057f20f883e"
	md5Of654321 = "c33367701511b4f6020ec61ded352059"
)

// shanghai has no clock changes, so that the tests know what a local time is.
func shanghai() *time.Location { return time.FixedZone("Asia/Shanghai", 8*60*60) }

// ours is a Carillon to bring things to.
type ours struct {
	*store.Store
	t      *testing.T
	manage *manage.Service
	auth   *auth.Service
	admin  *core.User
}

func newOurs(t *testing.T) *ours {
	t.Helper()
	s := testdb.Open(t)
	m, err := manage.New(manage.Options{
		Store: s, Logger: slog.New(slog.DiscardHandler), Zone: shanghai(), Route: testdb.AnyWorker, Wake: func(time.Time) {},
		Cancel: func() {},
	})
	require.NoError(t, err)
	a, err := auth.New(auth.Options{Store: s, Logger: slog.New(slog.DiscardHandler), Cost: cheap()})
	require.NoError(t, err)
	return &ours{Store: s, t: t, manage: m, auth: a, admin: &core.User{ID: 1, Name: "ada"}}
}

// bring imports, and gives the lines without the ids of tasks, and the report.
func (o *ours) bring(db *theirs, changes ...func(*Options)) ([]string, *Report) {
	o.t.Helper()
	var lines []string
	opts := Options{
		From: db.target, Store: o.Store, Logger: slog.New(slog.DiscardHandler), Zone: shanghai(), Cost: cheap(),
		Tell: func(l Line) { lines = append(lines, strings.ReplaceAll(l.String(), guid(0)[:35], "#")) },
	}
	for _, c := range changes {
		c(&opts)
	}
	report, err := Import(o.t.Context(), opts)
	require.NoError(o.t, err)
	return lines, report
}

// cheap is what a hash costs in tests.
func cheap() auth.Cost { return auth.Cost{MemoryKiB: 64, Passes: 1} }

func start(o *Options)     { o.Start = true }
func dryRun(o *Options)    { o.DryRun = true }
func anyWorker(o *Options) { o.AnyWorker = true }

// of gives the lines about a noun.
func of(lines []string, noun Noun) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return strings.TrimSpace(l[9:21]) != string(noun) })
}

func (o *ours) task(n int) *core.Task {
	o.t.Helper()
	task, err := o.Task(o.t.Context(), guid(n))
	require.NoError(o.t, err)
	return task
}

func (o *ours) delayedTasks() []*core.DelayedTask {
	o.t.Helper()
	list, _, err := o.DelayedTasks(o.t.Context(), store.DelayedFilter{Limit: 10_000})
	require.NoError(o.t, err)
	return list
}

// all is everything that an import can change, to be compared.
func (o *ours) all() map[string]any {
	o.t.Helper()
	tasks, err := o.Tasks(o.t.Context(), store.TaskFilter{Limit: 1000})
	require.NoError(o.t, err)
	users, err := o.Users(o.t.Context())
	require.NoError(o.t, err)
	settings, err := o.Settings(o.t.Context())
	require.NoError(o.t, err)
	nodes, err := o.Nodes(o.t.Context())
	require.NoError(o.t, err)
	return map[string]any{"tasks": tasks, "users": users, "settings": settings, "nodes": nodes, "delayed": o.delayedTasks()}
}
