package examples_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/plugins/plugintest"
	pluginpb "github.com/carillonhq/carillon/plugins/sdk/proto"
)

// A plugin in Python or in Node is torn down when it is asked to end, once, and ends well even when that fails.
func TestTeardown(t *testing.T) {
	t.Parallel()
	here, err := filepath.Abs(".")
	require.NoError(t, err)
	const python = `#!%s -B
import sys
sys.path.insert(0, %q)
import carillon

@carillon.task("task")
def task(run):
    return "done"

def teardown():
    open(%q, "a").write("torn down")
    raise ValueError("and the rest is lost")

carillon.serve(teardown=teardown)
`
	const node = `#!/usr/bin/env node
const carillon = require(%q + '/carillon')
carillon.serve({ async task () { return 'done' } }, {
  async teardown () {
    require('node:fs').appendFileSync(%q, 'torn down')
    throw new Error('and the rest is lost')
  }
})
`
	for language, text := range map[string]func(t *testing.T, notes string) string{
		"python": func(t *testing.T, notes string) string {
			return fmt.Sprintf(python, plugintest.NeedPython(t), filepath.Join(here, "python"), notes)
		},
		"node": func(t *testing.T, notes string) string {
			plugintest.NeedNode(t, "node")
			return fmt.Sprintf(node, filepath.Join(here, "node"), notes)
		},
	} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			script, notes := filepath.Join(dir, "main"), filepath.Join(dir, "notes")
			require.NoError(t, os.WriteFile(script, []byte(text(t, notes)), 0o700)) //nolint:gosec // it is to be run
			p := plugintest.Start(t, exec.Command(script))
			require.Equal(t, `"done"`, string(p.Perform(t, &pluginpb.Start{Task: "task"}).GetValue()))
			require.NoFileExists(t, notes)
			require.Zero(t, p.Stop(t))
			content, err := os.ReadFile(notes)
			require.NoError(t, err)
			require.Equal(t, "torn down", string(content))
		})
	}
}
