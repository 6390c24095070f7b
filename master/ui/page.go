package ui

import (
	"net/http"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/web/messages"
)

// page is an entry of the list of pages: what stands in the menu, and the routes behind it.
type page struct {
	// path is where the menu leads; empty for a page that is not in the menu. Whatever lies below it belongs to the page.
	path    string
	title   messages.Key
	icon    string
	section messages.Key // the heading of the menu that it stands under; empty for none
	// role is the least role that sees the page in the menu. Each route says for itself who may call it.
	role    core.Role
	routes  []route
	topics  []topic
	scripts []string // assets that only this page needs
}

// route is one method on one path.
type route struct {
	method, path string
	// role is the least role that may call it. Empty, it is for everybody who is signed in.
	role   core.Role
	handle func(*request) error
	// public is for who is not signed in too.
	public bool
	// always is also for who has to change a given password first.
	always bool
}

func get(path string, role core.Role, handle func(*request) error) route {
	return route{method: http.MethodGet, path: path, role: role, handle: handle}
}

func post(path string, role core.Role, handle func(*request) error) route {
	return route{method: http.MethodPost, path: path, role: role, handle: handle}
}
