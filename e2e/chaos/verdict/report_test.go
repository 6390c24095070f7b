package verdict

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/e2e/chaos/evidence"
)

func TestReport(t *testing.T) {
	t.Parallel()
	r := NewReport(sound(), Bounds{})
	require.False(t, r.Broken())
	var text strings.Builder
	require.NoError(t, r.WriteText(&text))
	for _, want := range []string{
		"chaos on postgres, seed 1: 3 masters, 4 workers, 1m10s", "1 kill w", "lateness, kill of a worker", "max 10.8s: run parent@30.2", "Nothing was lost.",
	} {
		require.Contains(t, text.String(), want)
	}
	for _, rule := range Rules() {
		require.Regexp(t, string(rule)+` +0\n`, text.String())
	}
}

// Whatever is wrong is told with the seed to do it again by.
func TestReportOfABreach(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		spoil func(*evidence.Evidence)
		want  string
	}{
		"a breach":  {func(e *evidence.Evidence) { drop(e, "once@20") }, "BROKEN: firings lost: task once (once) due 12:00:20.000"},
		"unsettled": {func(e *evidence.Evidence) { e.Settled = false }, "BROKEN: not every run had an outcome"},
	} {
		e := sound()
		row.spoil(e)
		r := NewReport(e, Bounds{})
		require.True(t, r.Broken(), name)
		var text strings.Builder
		require.NoError(t, r.WriteText(&text))
		require.Contains(t, text.String(), row.want)
		require.Contains(t, text.String(), "CHAOS_SEED=1 CHAOS_DATABASES=postgres make chaos")
		require.NotContains(t, text.String(), "Nothing was lost")
		out, err := json.Marshal(r)
		require.NoError(t, err)
		require.Contains(t, string(out), `"seed":1`)
	}
}
