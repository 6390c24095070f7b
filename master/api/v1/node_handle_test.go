package v1

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func TestNodeIsReadMovedAndDeleted(t *testing.T) {
	t.Parallel()
	f := new(fakes)
	require.Equal(t, "w", get[Node](t, f, http.StatusOK, call{path: "/nodes/worker/w"}).Name)
	f.refused(t, http.StatusNotFound, call{path: "/nodes/master/w"})
	for _, verb := range []string{"enable", "drain", "disable"} {
		require.Equal(t, "w", get[Node](t, f, http.StatusOK, call{method: http.MethodPost, path: "/nodes/worker/w/" + verb}).Name)
	}
	f.refused(t, http.StatusBadRequest, call{method: http.MethodPost, path: "/nodes/worker/w/drain", body: `{"a": 1}`})
	get[struct{}](t, f, http.StatusNoContent, call{method: http.MethodDelete, path: "/nodes/worker/w"})
	require.Equal(t, []string{"enable worker w", "drain worker w", "disable worker w", "delete worker w"}, f.calls)
	f.fail = core.Conflict("no")
	f.refused(t, http.StatusConflict, call{method: http.MethodDelete, path: "/nodes/worker/w"})
	f.refused(t, http.StatusConflict, call{method: http.MethodPost, path: "/nodes/worker/w/drain"})
}

// What an edit leaves out stays, and null takes back: the two must not be mixed up.
func TestNodeEditSaysWhatItNames(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]core.NodeEdit{
		`{}`:                               {},
		`{"weight": 5}`:                    {Weight: new(5)},
		`{"weight": null}`:                 {Weight: new(0)},
		`{"state": "disabled"}`:            {State: new(core.NodeDisabled)},
		`{"state": null, "labels": null}`:  {State: new(core.NodeState("")), Labels: new([]string)},
		`{"labels": []}`:                   {Labels: &[]string{}},
		`{"labels": ["gpu"], "weight": 1}`: {Labels: &[]string{"gpu"}, Weight: new(1)},
	} {
		f := new(fakes)
		get[Node](t, f, http.StatusOK, call{method: http.MethodPatch, path: "/nodes/worker/w", body: body})
		require.Equal(t, []string{"edit worker w"}, f.calls)
		require.Equal(t, want, f.nodeEdit, body)
	}
}

func TestNodeEditRefused(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]struct {
		status int
		field  string
	}{
		``:                  {http.StatusBadRequest, ""},
		`{"state": ""}`:     {http.StatusBadRequest, "state"},
		`{"weight": 0}`:     {http.StatusUnprocessableEntity, "weight"},
		`{"weight": "5"}`:   {http.StatusBadRequest, "weight"},
		`{"labels": "gpu"}`: {http.StatusBadRequest, "labels"},
		`{"slots": 5}`:      {http.StatusBadRequest, "slots"},
	} {
		f := new(fakes)
		p := f.refused(t, want.status, call{method: http.MethodPatch, path: "/nodes/worker/w", body: body})
		require.Equal(t, want.field, p.Field, body)
		require.Empty(t, f.calls)
	}
}
