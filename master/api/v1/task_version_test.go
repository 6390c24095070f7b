package v1

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func TestTaskVersions(t *testing.T) {
	t.Parallel()
	f := &fakes{tasks: []*core.Task{{ID: "t1", Version: 9, Title: "now"}}, unknown: []int64{7}}
	first := get[Page[TaskVersion]](t, f, http.StatusOK, call{path: "/tasks/t1/versions?limit=4", role: core.RoleViewer})
	require.Len(t, first.Items, 4)
	require.Equal(t, TaskVersion{Version: 9, At: instantOf(now()), By: "ada", Title: "title 9", Changes: []FieldChange{{Field: "title", After: "x"}}}, first.Items[0])
	second := get[Page[TaskVersion]](t, f, http.StatusOK, call{path: "/tasks/t1/versions?limit=500&cursor=" + first.Next})
	require.Len(t, second.Items, 5)
	require.Equal(t, int64(5), second.Items[0].Version)
	require.Empty(t, second.Next)
	f.refused(t, http.StatusBadRequest, call{path: "/tasks/t1/versions?cursor=eA"})
	f.refused(t, http.StatusNotFound, call{path: "/tasks/none/versions"})

	require.Equal(t, int64(3), get[Task](t, f, http.StatusOK, call{path: "/tasks/t1/versions/3"}).Version)
	f.refused(t, http.StatusNotFound, call{path: "/tasks/t1/versions/x"})

	restored := get[Task](t, f, http.StatusOK, call{method: http.MethodPost, path: "/tasks/t1/restore", body: `{"version":3}`, role: core.RoleDeveloper})
	require.Equal(t, "now", restored.Title)
	require.Len(t, restored.Warnings, 1)
	require.Contains(t, f.calls, "restore t1 3")
	require.Equal(t, "version", f.refused(t, http.StatusUnprocessableEntity, call{method: http.MethodPost, path: "/tasks/t1/restore", body: `{"version":0}`}).Field)
}
