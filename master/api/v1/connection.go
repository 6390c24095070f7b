package v1

import (
	"net/http"
	"time"
)

// patience is how long a connection may bring or take nothing while a package goes over it. The server's own limits are for
// a request as a whole.
const patience = time.Minute

// connection moves the deadlines of a request's connection. A writer that has none, as in tests, refuses; nothing is lost by
// that.
type connection struct{ *http.ResponseController }

func (c connection) extendRead()  { _ = c.SetReadDeadline(time.Now().Add(patience)) }
func (c connection) extendWrite() { _ = c.SetWriteDeadline(time.Now().Add(patience)) }

// endRead takes the deadline away once the body is whole. The server goes on reading, to learn whether the client leaves, and
// would take a deadline for that.
func (c connection) endRead() { _ = c.SetReadDeadline(time.Time{}) }
