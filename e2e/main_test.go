package e2e

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// atOnce is how many parallel tests run at once when -parallel does not say: process tests mostly wait, for a lease to
// run out or a retry to come due, so more of them than there are processors cost nothing.
const atOnce = 8

// TestMain runs the tests, and removes the binary if one of them built it.
func TestMain(m *testing.M) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		if err := flag.Set("test.parallel", fmt.Sprint(atOnce)); err != nil {
			panic(err)
		}
	}
	code := m.Run()
	_ = os.RemoveAll(buildDir())
	os.Exit(code)
}

func buildDir() string {
	return filepath.Join(os.TempDir(), fmt.Sprintf("carillon-e2e-%d", os.Getpid()))
}

// testedVersion is what the binary under test is called.
const testedVersion = "v0.0.0-e2e"

// binary builds carillon, once, and gives its path. It is built as `make build` does, so that the two share their build
// cache, and without the race detector: what the tests race is the outside world.
var binary = sync.OnceValues(func() (string, error) {
	// The test cache knows the packages that the tests import and the files they look at. These two are only in the binary.
	for _, dir := range []string{"../cmd/carillon", "../conf"} {
		if _, err := os.ReadDir(dir); err != nil {
			return "", err
		}
	}
	path := filepath.Join(buildDir(), "carillon")
	const module = "github.com/carillonhq/carillon"
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", path,
		"-ldflags", "-s -w -X "+module+"/internal/buildinfo.version="+testedVersion, module+"/cmd/carillon")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build carillon: %w\n%s", err, out)
	}
	return path, nil
})

// skipLong skips a test that takes more than a few seconds when only the short ones are asked for.
func skipLong(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("a process test of several seconds: run without -short")
	}
}
