package ui

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/web/messages"
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

// Whatever the page shows of the document has a Chinese text. Texts of it are no formats, so they hold no %.
func TestDocumentIsSaidInChinese(t *testing.T) {
	t.Parallel()
	tags, err := readDocument()
	require.NoError(t, err)
	said := func(text, where string) {
		t.Helper()
		require.NotContains(t, text, "%", where)
		if text != "" && documentText(messages.Chinese, text) == documentText(messages.English, text) {
			t.Errorf("%s has no Chinese: add %q to web/messages/pages/api-operations.json", where, documentText(messages.English, text))
		}
	}
	for _, tag := range tags {
		said(tag.Name, "the tag "+tag.Name)
		said(tag.Description, "the tag "+tag.Name)
		for _, op := range tag.Operations {
			said(op.Summary, "the operation "+op.ID)
			said(op.Description, "the description of "+op.ID)
			for _, p := range op.Parameters {
				said(p.Description, "the parameter "+p.Name+" of "+op.ID)
			}
			for _, row := range op.Body {
				said(row.Description, row.Name+" in the body of "+op.ID)
			}
			for _, answer := range op.Answers {
				said(answer.Description, "the answer "+answer.Status+" of "+op.ID)
			}
		}
	}
}

func TestAPIPageIsInTheReadersLanguage(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for lang, summary := range map[string]string{"en": "List delayed tasks from the newest", "zh-CN": "列出延时任务，从最新的开始"} {
		page := b.do(t, core.RoleViewer, http.MethodGet, apiDocsPath, nil, "Accept-Language", lang).Body.String()
		require.Contains(t, page, summary)
		require.Contains(t, page, `id="tag-delayed-tasks"`, "links to it hold in every language")
	}
}

func TestProse(t *testing.T) {
	t.Parallel()
	require.Equal(t, "A <code>&lt;b&gt;</code> is <strong>bold</strong> &amp; no <i>more", string(prose("A `<b>` is **bold** & no "))+"<i>more")
}
