package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/e2e/chaos/evidence"
	"github.com/carillonhq/carillon/e2e/chaos/verdict"
)

// Evidence that was saved is judged again; a promise that was broken is an error, and in the JSON.
func TestJudge(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		spoil  func(*evidence.Evidence)
		broken bool
	}{
		"kept":      {spoil: func(*evidence.Evidence) {}},
		"broken":    {spoil: func(e *evidence.Evidence) { e.KnownTasks = nil }, broken: true},
		"unsettled": {spoil: func(e *evidence.Evidence) { e.Settled = false }, broken: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := &evidence.Evidence{Database: "sqlite", Seed: 7, Settled: true, Tasks: []evidence.Task{{ID: "t"}}, KnownTasks: []evidence.KnownTask{{ID: "t"}}}
			row.spoil(e)
			saved, report := filepath.Join(t.TempDir(), "evidence.json"), filepath.Join(t.TempDir(), "report.json")
			require.NoError(t, e.Save(saved))
			err := run(t.Context(), []string{"-judge", saved, "-json", report})
			if row.broken {
				require.ErrorIs(t, err, errBroken)
			} else {
				require.NoError(t, err)
			}
			text, err := os.ReadFile(report)
			require.NoError(t, err)
			var reports []verdict.Report
			require.NoError(t, json.Unmarshal(text, &reports))
			require.Len(t, reports, 1)
			require.EqualValues(t, 7, reports[0].Seed)
			require.Equal(t, row.broken, reports[0].Broken())
		})
	}
}

// What is wrong with a call is said before anything is started.
func TestCommandIsChecked(t *testing.T) {
	t.Parallel()
	carillon := filepath.Join(t.TempDir(), "carillon")
	for want, args := range map[string][]string{
		`"oracle" is not a database`:    {"-databases", "oracle"},
		"no such file":                  {"-judge", filepath.Join(t.TempDir(), "none.json")},
		"none of [nonsense] is a fault": {"-databases", "sqlite", "-faults", "nonsense"},
		"flag provided but not defined": {"-no-such-option"},
		carillon + ": no such file":     {"-databases", "sqlite", "-carillon", carillon},
	} {
		require.ErrorContains(t, run(t.Context(), args), want)
	}
	require.NoError(t, run(t.Context(), []string{"-plan", "-seed", "1"}))
}
