package arch

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// layers is the table of docs/architecture.md. Test files are free: they may wire whatever they test.
func layers() []layer {
	return []layer{
		{folder: "core", stdlib: true},
		{folder: "cron", stdlib: true},
		{folder: "sql"},
		{folder: "web", own: []string{"core", "cron"}},
		{folder: "conf", own: []string{"core", "internal"}},
		{folder: "conf/dsn", stdlib: true},
		{folder: "internal", own: []string{"core"}},
		{folder: "internal/testdb", own: []string{"core", "sql", "store", "conf", "internal"}},
		{folder: "rpc", own: []string{"core", "internal"}},
		{folder: "store", own: []string{"core", "sql", "internal"}},
		{folder: "worker", own: []string{"core", "rpc", "plugins/host", "internal"}},
		{folder: "master", own: []string{"core", "cron", "store", "rpc", "web", "plugins/manifest", "plugins/pack", "internal"}},
		{folder: "schedulemaster", own: []string{"core", "conf/dsn", "store", "master", "internal"}},
		{folder: "plugins", own: []string{"core", "internal"}},
		{folder: "plugins/sdk"},
		{folder: "plugins/examples", own: []string{"plugins/sdk"}},
		{folder: "bench", own: []string{"internal"}, stdlib: true},
		{folder: "cmd", own: []string{everything}},
		{folder: "e2e", own: []string{everything}},
	}
}

// fences keep each of these modules in the folders that own its subject.
func fences() []fence {
	return []fence{
		{module: "github.com/gin-gonic", folders: []string{"master/api", "master/ui"}},
		{module: "github.com/gin-contrib", folders: []string{"master/api", "master/ui"}},
		{module: "gorm.io", folders: []string{"store"}},
		{module: "modernc.org/sqlite", folders: []string{"store"}},
		{module: "github.com/jackc/pgx/v5", folders: []string{"store", "schedulemaster"}},
		{module: "github.com/go-sql-driver/mysql", folders: []string{"store", "schedulemaster"}},
		{module: "github.com/microsoft/go-mssqldb", folders: []string{"store", "schedulemaster"}},
		{module: "github.com/pressly/goose", folders: []string{"store"}},
		{module: "github.com/go-co-op/gocron", folders: []string{"master"}},
		{module: "github.com/hashicorp/go-plugin", folders: []string{"plugins"}},
		{module: "github.com/spf13/cobra", folders: []string{"cmd"}},
		{module: "github.com/spf13/pflag", folders: []string{"cmd", "conf"}},
		{module: "github.com/knadh/koanf", folders: []string{"conf"}},
	}
}

func TestImports(t *testing.T) {
	t.Parallel()
	root, err := moduleRoot()
	require.NoError(t, err)
	g, err := readGraph(root)
	require.NoError(t, err)
	require.Contains(t, g, "internal/arch", "the graph was not read")

	for _, b := range breaches(g, layers(), fences()) {
		t.Error(b)
	}
}

// The checker must be able to fail: each import below is one that the tables refuse, or one that they allow.
func TestBreachesAreFound(t *testing.T) {
	t.Parallel()
	g := graph{
		"core":                 {"time", "github.com/google/uuid", "./internal/logging"},
		"cron":                 {"go/ast", "./core"},
		"sql":                  {"embed"},
		"store":                {"gorm.io/gorm", "./core", "./sql", "./master/plan"},
		"worker":               {"./core", "./rpc", "./worker/callback"},
		"worker/callback":      {"net/http", "./store", "./plugins/host", "./plugins/sdk"},
		"master":               {"./worker/stream", "./conf", "github.com/go-co-op/gocron/v2"},
		"master/api":           {"github.com/gin-gonic/gin", "./store", "./cron"},
		"master/plan":          {"github.com/gin-gonic/gin/binding", "gorm.io/gorm", "./storehouse"},
		"plugins/sdk":          {"github.com/hashicorp/go-plugin", "./core"},
		"plugins/examples/one": {"./plugins/sdk"},
		"internal/testdb":      {"./store"},
		"internal/loop":        {"./store"},
		"bench":                {"net/http", "github.com/google/uuid", "./internal/buildinfo"},
		"cmd/carillon":         {"github.com/spf13/cobra", "github.com/knadh/koanf/v2", "./master", "./worker", "./store"},
		"storehouse":           nil,
	}
	require.Equal(t, []string{
		"bench imports github.com/google/uuid: bench may import only the standard library from outside",
		"cmd/carillon imports github.com/knadh/koanf/v2: only conf may import github.com/knadh/koanf",
		"core imports ./internal/logging: core may import nothing of ours",
		"core imports github.com/google/uuid: core may import only the standard library from outside",
		"cron imports ./core: cron may import nothing of ours",
		"internal/loop imports ./store: internal may import of ours only core",
		"master imports ./conf: master may import of ours only core, cron, store, rpc, web, plugins/manifest, plugins/pack, internal",
		"master imports ./worker/stream: master may import of ours only core, cron, store, rpc, web, plugins/manifest, plugins/pack, internal",
		"master/plan imports ./storehouse: master may import of ours only core, cron, store, rpc, web, plugins/manifest, plugins/pack, internal",
		"master/plan imports github.com/gin-gonic/gin/binding: only master/api, master/ui may import github.com/gin-gonic",
		"master/plan imports gorm.io/gorm: only store may import gorm.io",
		"plugins/sdk imports ./core: plugins/sdk may import nothing of ours",
		"store imports ./master/plan: store may import of ours only core, sql, internal",
		"storehouse has no rule: give it one in internal/arch and in docs/architecture.md",
		"worker/callback imports ./plugins/sdk: worker may import of ours only core, rpc, plugins/host, internal",
		"worker/callback imports ./store: worker may import of ours only core, rpc, plugins/host, internal",
	}, breaches(g, layers(), fences()))
}

func TestGraphIsReadFromFiles(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for name, content := range map[string]string{
		"go.mod":                    "module example.org/m\n\ngo 1.26\n",
		"a/a.go":                    "package a\n\nimport (\n\t\"fmt\"\n\n\t\"example.org/m/b/c\"\n\t\"example.org/mm\"\n)\n",
		"a/other_windows.go":        "//go:build windows\n\npackage a\n\nimport alias \"example.org/m/b/c\"\n",
		"a/a_test.go":               "package a\n\nimport \"example.org/m/d\"\n",
		"b/c/c.go":                  "package c\n",
		"a/testdata/x.go":           "package x\n\nimport \"os\"\n",
		"bin/tools/x.go":            "package x\n",
		"plugins/examples/p/go.mod": "module example.org/p\n",
		"plugins/examples/p/p.go":   "package main\n",
	} {
		file := filepath.Join(root, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o750))
		require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
	}
	g, err := readGraph(root)
	require.NoError(t, err)
	require.Equal(t, graph{"a": {"./b/c", "example.org/mm", "fmt"}, "b/c": nil}, g)
}
