package core

import "context"

// Author is who asks for a change, and from where. It goes with the request's context from the edge that knows it to the
// store, which writes it into the audit in the transaction of the change.
type Author struct {
	UserID   int64 // 0 for one who is no user, such as an operator at the command line
	UserName string
	APIToken string // name of the token that the request is by; empty when it is by none
	Address  string // host that the request comes from; empty when it comes over no network
	Via      Via
}

// Via is the way in that a request takes.
type Via string

// The ways in.
const (
	ViaAPI     Via = "api"     // the JSON API
	ViaForm    Via = "form"    // the form API
	ViaPage    Via = "page"    // the pages
	ViaCommand Via = "command" // the command line
)

type authorKey struct{}

// WithAuthor gives a context for the work on an author's request.
func WithAuthor(ctx context.Context, a Author) context.Context {
	return context.WithValue(ctx, authorKey{}, a)
}

// AuthorOf gives the author whose request is worked on. What Carillon does by itself has none.
func AuthorOf(ctx context.Context) (a Author, ok bool) {
	a, ok = ctx.Value(authorKey{}).(Author)
	return a, ok
}
