package logging_test

import (
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/internal/logging"
)

func TestFormats(t *testing.T) {
	t.Parallel()
	var text, object strings.Builder
	logging.New(&text, slog.LevelInfo, logging.Text).Info("run ended", "run", "r1")
	logging.New(&object, slog.LevelInfo, logging.JSON).Info("run ended", "run", "r1")

	require.Contains(t, text.String(), `level=INFO msg="run ended" run=r1`)
	var line map[string]any
	require.NoError(t, json.Unmarshal([]byte(object.String()), &line))
	require.Equal(t, "run ended", line["msg"])
	require.Equal(t, "r1", line["run"])
}

func TestLevelCanBeRaisedWhileRunning(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	var level slog.LevelVar
	log := logging.New(&out, &level, logging.Text)
	log.Debug("hidden")
	level.Set(slog.LevelDebug)
	log.Debug("shown")

	require.NotContains(t, out.String(), "hidden")
	require.Contains(t, out.String(), "shown")
}
