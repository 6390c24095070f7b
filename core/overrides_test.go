package core_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func TestOverrides(t *testing.T) {
	t.Parallel()
	body, params := "new", []core.Param{{Key: "a", Value: "new"}}
	plain := core.Definition{Callback: &core.Callback{Method: "POST", Body: "old"}}
	form := core.Definition{Callback: &core.Callback{Form: []core.Param{{Key: "a", Value: "old"}}}}
	plugin := core.Definition{Plugin: &core.PluginCall{}, Params: []core.Param{{Key: "a", Value: "old"}}}

	got, err := (&core.Overrides{Body: &body}).Apply(plain)
	require.NoError(t, err)
	require.Equal(t, "new", got.Callback.Body)
	require.Equal(t, "POST", got.Callback.Method)
	require.Equal(t, "old", plain.Callback.Body, "the task's own stays")
	got, err = (&core.Overrides{Params: params}).Apply(form)
	require.NoError(t, err)
	require.Equal(t, params, got.Callback.Form)
	got, err = (&core.Overrides{Params: params}).Apply(plugin)
	require.NoError(t, err)
	require.Equal(t, params, got.Params)
	got, err = (&core.Overrides{}).Apply(plugin)
	require.NoError(t, err)
	require.Equal(t, plugin, got)
	require.True(t, (&core.Overrides{}).None())
	require.False(t, (&core.Overrides{Params: []core.Param{}}).None(), "none at all are given")

	for _, wrong := range []struct {
		of    core.Definition
		given core.Overrides
		field string
	}{{plugin, core.Overrides{Body: &body}, "body"}, {form, core.Overrides{Body: &body}, "body"}, {plain, core.Overrides{Params: params}, "params"}} {
		_, err := wrong.given.Apply(wrong.of)
		require.ErrorContains(t, err, wrong.field+": ")
	}
}
