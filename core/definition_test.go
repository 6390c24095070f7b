package core_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb/fill"
)

// A definition is kept as JSON: a field without a way through it would be lost.
func TestDefinitionRoundTrip(t *testing.T) {
	t.Parallel()
	var want, got core.Definition
	roundTrip(t, &want, &got)
}

func TestDelayedDefinitionRoundTrip(t *testing.T) {
	t.Parallel()
	var want, got core.DelayedDefinition
	roundTrip(t, &want, &got)
}

func TestLogLineRoundTrip(t *testing.T) {
	t.Parallel()
	var want, got core.LogLine
	roundTrip(t, &want, &got)
}

func roundTrip(t *testing.T, want, got any) {
	t.Helper()
	fill.Value(t, want)
	text, err := json.Marshal(want)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, got))
	fill.Same(t, want, got)
}

// An empty definition must come back empty, and says nothing of what was left out.
func TestEmptyDefinitionRoundTrip(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(core.Definition{})
	require.NoError(t, err)
	require.JSONEq(t, `{"schedule":{"kind":""},"retry":{},"overlap":"","misfire":""}`, string(text))
	var got core.Definition
	require.NoError(t, json.Unmarshal(text, &got))
	require.Equal(t, core.Definition{}, got)
}
