package ui

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

// The document of the API is read whole: every operation has a name, a role and what it answers, and those with a body of
// JSON an example of it.
func TestDocumentIsRead(t *testing.T) {
	t.Parallel()
	tags, err := readDocument()
	require.NoError(t, err)
	operations := map[string]apiOperation{}
	for _, tag := range tags {
		require.NotEmpty(t, tag.Operations, tag.Name)
		for _, op := range tag.Operations {
			require.NotEmpty(t, op.Summary, op.ID)
			require.NotEmpty(t, op.Answers, op.ID)
			if op.Media == "application/json" {
				require.True(t, json.Valid([]byte(op.Example)), op.Example)
			}
			operations[op.ID] = op
		}
	}
	require.Greater(t, len(operations), 50)

	list := operations["listTasks"]
	require.Equal(t, "GET", list.Method)
	require.Equal(t, core.RoleViewer, list.Role)
	limit := slices.IndexFunc(list.Parameters, func(p apiParameter) bool { return p.Name == "limit" })
	require.Equal(t, "50", list.Parameters[limit].Default, "a parameter that is referred to")
	require.Equal(t, "path", operations["getTask"].Parameters[0].In, "one of the path, which its operations share")
	require.JSONEq(t, `{"current":"","password":""}`, operations["changePassword"].Example)
	require.Equal(t, "application/zip", operations["uploadPlugin"].Media)
	require.NotEmpty(t, operations["createTask"].Body)
}

func TestProse(t *testing.T) {
	t.Parallel()
	require.Equal(t, "A <code>&lt;b&gt;</code> is <strong>bold</strong> &amp; no <i>more", string(prose("A `<b>` is **bold** & no "))+"<i>more")
}
