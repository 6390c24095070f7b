// Package ui is what people see of a master: pages that it renders itself, with a little script for what is live. It holds
// no rule: a handler reads a request, calls the service that the API calls too, and shows what came of it. Who may do what
// is said twice only where a page leaves out what would be refused.
//
// # A page
//
// A page is a Go file here, a template in web/templates/pages and a catalogue in web/messages/pages, and a line in pages.go.
// Pages share no other file, so that they can be written side by side:
//
//	master/ui/nodes.go              nodesPage: its place in the menu, its routes with the least role of each, its handlers
//	web/templates/pages/nodes.html  {{define "nodes"}}, and templates named nodes-… for the parts of it
//	web/messages/pages/nodes.json   what it says, English and Chinese; a test fails on what is missing or unused
//	web/icons/NAME.svg              an icon that it needs: make an empty file and run `make assets`
//	web/static/NAME.js              a script that only it needs, named in page.scripts
//	e2e/ui/places.go                a line, so that browser tests and pictures visit it
//
// A handler is a func(*request) error. It ends by one of
//
//	r.show("nodes", http.StatusOK, data)   the page; data embeds r.view(title), and r.under(…) before says what lies above
//	r.done("", text)                       an action was done; the text is shown, and live parts are fetched anew
//	r.done("/nodes", text)                 the same, and the browser is led elsewhere
//	return err                             a core.Error is said in the reader's language, anything else is logged
//
// # Parts, and what is live
//
// A part of a page that is fetched by itself is an element with an id and a template of the same name, which begins with
// the page's name and has that element as its root. The handler of the page serves it too: show answers with the part alone
// when a script asks for the element with that id. So a part that follows what happens is
//
//	<div id="nodes-now" hx-get="{{.Self}}" hx-trigger="refresh from:body, live:nodes from:body, every 30s" hx-swap="outerMorph">
//
// where refresh is what r.done sets off, and live:nodes an event of the topic named in page.topics (live.go). A topic is
// looked at by each master, once for all its listeners and only while there are any. Lists do the same for filters, order
// and paging, all of which stand in the address (list.go).
//
// # Forms
//
// r.form reads a form, form.takes keeps an error of a service for its field, and the template shows each field by
//
//	{{template "field" (input .Form "weight" (t "Weight") "type=number" "min=1" (printf "hint=%s" (t "…")))}}
//
// Fields have the names of the API, which are those that errors name. A button that acts at once has hx-post and
// hx-swap="none"; hx-confirm asks first, with data-confirm-yes as the word on the button and data-confirm-bad for what
// cannot be taken back. GET changes nothing.
//
// # What templates may call
//
//	t TEXT ARGS…        the text in the reader's language     state X   a state with its colour     name X  its name alone
//	when T              how long ago, exact on hover          at T      the instant in the reader's zone
//	took D, num N, size N   a length of time, a number, bytes   icon NAME CLASSES…, asset NAME
//	input, pick, pairs  fields of forms                       column, empty   headings of lists, what stands in empty ones
//
// They know the language and the zone: there is a set of templates for each (templates.go).
//
// # What keeps it safe
//
// The policy of every page lets browsers load nothing but what this server gives, and run no script or style that stands in
// the page (serve.go): no style attributes, no on… attributes, no hx-on, and no filters in hx-trigger, which htmx would have
// to evaluate. Sessions are auth.Sessions; a POST of another origin is refused by net/http's CrossOriginProtection.
package ui
