package host

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/carillonhq/carillon/plugins/host/supervise"
)

// The roles that the test binary plays in processes of its own, by its first argument.
const (
	rolePlugin = "test-plugin" // the interpreter of the tests' executables
	roleChild  = "test-child"  // what a plugin starts
	roleWorker = "test-worker" // a worker that is killed
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case SupervisorCommand:
			os.Exit(supervise.Main(os.Args[1:]))
		case rolePlugin:
			os.Exit(bePlugin(os.Args[2]))
		case roleChild:
			os.Exit(beChild(os.Args[2:]))
		case roleWorker:
			os.Exit(beWorker(os.Args[2:]))
		}
	}
	// What no plugin must see.
	_ = os.Setenv("CARILLON_JOIN_TOKEN", "a secret of the worker's")
	_ = os.Setenv("CARILLON_PLUGIN_KEYS", "a setting of the worker's")
	goleak.VerifyTestMain(m)
}

// beWorker performs a run whose plugin starts daemons, until it is killed.
func beWorker(args []string) int {
	dir, file, pids := args[0], args[1], args[2]
	text, err := os.ReadFile(file)
	if err != nil {
		return 1
	}
	b := &built{pkgSpec: pkgSpec{name: "test", version: "1.0.0"}, digest: filepath.Base(file), file: text}
	h, err := New(Options{Dir: dir, Fetch: newShelf(b).fetch})
	if err != nil {
		return 1
	}
	h.Perform(context.Background(), b.call("spawn", "dir", pids, "count", "3"), newNotes())
	return 0
}
