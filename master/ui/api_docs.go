package ui

import (
	"net/http"

	"github.com/carillonhq/carillon/core"
	v1 "github.com/carillonhq/carillon/master/api/v1"
	"github.com/carillonhq/carillon/web/messages"
)

const apiDocsPath = "/api-docs"

// apiDocsPage shows the API by its document, with a console that calls it as who is signed in.
func apiDocsPage(u *UI) *page {
	return &page{
		path: apiDocsPath, title: messages.Key("API"), icon: "api", section: sectionAdmin, role: core.RoleViewer,
		scripts: []string{"api-docs.js"},
		routes: []route{
			get(apiDocsPath, core.RoleViewer, u.showAPI),
			get(clientCodePath, core.RoleViewer, u.showClientCode),
		},
	}
}

type apiDocsView struct {
	*View
	Tags []apiTag
}

func (u *UI) showAPI(r *request) error {
	tags, err := u.openAPI()
	if err != nil {
		return err
	}
	return r.show("api-docs", http.StatusOK, apiDocsView{View: r.view(r.text("API")), Tags: tags})
}

// May says whether the reader may call an operation.
func (v apiDocsView) May(op apiOperation) bool { return op.Role == "" || v.Can(string(op.Role)) }

// readDocument reads the API's document, whose text is in the binary.
func readDocument() ([]apiTag, error) { return readOpenAPI(v1.Document()) }
