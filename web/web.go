// Package web holds what the pages are made of, embedded in the binary: templates, style sheets, scripts and icons. Their
// texts are in web/messages, what fills them in master/ui.
package web

import (
	"embed"
	"io/fs"
)

//go:embed templates
var templates embed.FS

//go:embed static
var static embed.FS

//go:embed icons
var icons embed.FS

// Templates are the templates of the pages: layout and parts at the top, a file for each page in pages.
func Templates() fs.FS {
	files, err := fs.Sub(templates, "templates")
	if err != nil {
		panic("web: " + err.Error()) // the folder is embedded
	}
	return files
}
