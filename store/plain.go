package store

import (
	"context"
	"errors"
	"net"
	"os"
)

// Plainly says of a failure what anybody may hear: the kind of the database and what is wrong with it. What the driver says
// names hosts, users and addresses, and is for the log.
func (s *Store) Plainly(f *Failure) string {
	what := "fails"
	if dialing, ok := errors.AsType[*net.OpError](f.err); ok && dialing.Op == "dial" {
		what = "cannot be reached"
	} else if _, ok := errors.AsType[*net.DNSError](f.err); ok {
		what = "cannot be reached"
	} else if errors.Is(f.err, context.DeadlineExceeded) || errors.Is(f.err, os.ErrDeadlineExceeded) {
		what = "does not answer in time"
	} else if interrupted(f.err) {
		what = "broke off the connection"
	} else if f.class == refusedError {
		what = "refuses this master"
	}
	return "the database (" + s.kind + ") " + what
}
