package sdk_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/plugins/plugintest"
	"github.com/carillonhq/carillon/plugins/sdk"
	pluginpb "github.com/carillonhq/carillon/plugins/sdk/proto"
)

// asPlugin has the test's executable be a plugin instead, which notes what happens to it in the file that it names.
const asPlugin = "SDK_TEST_NOTES"

func TestMain(m *testing.M) {
	notes := os.Getenv(asPlugin)
	if notes == "" {
		os.Exit(m.Run())
	}
	sdk.Serve(sdk.Task{
		Name:     "task",
		Setup:    func(context.Context) error { return note(notes, "setup") },
		Run:      func(context.Context, *sdk.Run) (any, error) { return nil, note(notes, "run") },
		Teardown: func(context.Context) error { return note(notes, "teardown") },
	})
	if err := note(notes, "end of main"); err != nil {
		os.Exit(1)
	}
}

func note(file, text string) error {
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteString(text + "\n")
	return err
}

// A process is set up before its first run and torn down before it ends, and main goes on after Serve.
func TestLifeOfAProcess(t *testing.T) {
	t.Parallel()
	notes := filepath.Join(t.TempDir(), "notes")
	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{asPlugin + "=" + notes}
	p := plugintest.Start(t, cmd)
	for range 2 {
		require.Empty(t, p.Perform(t, &pluginpb.Start{Task: "task"}).GetError())
	}
	require.Zero(t, p.Stop(t))
	content, err := os.ReadFile(notes)
	require.NoError(t, err)
	require.Equal(t, "setup\nrun\nrun\nteardown\nend of main\n", string(content))
}
