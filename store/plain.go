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
	switch {
	case unreached(f.err):
		what = "cannot be reached"
	case errors.Is(f.err, context.DeadlineExceeded) || errors.Is(f.err, os.ErrDeadlineExceeded):
		what = "does not answer in time"
	case interrupted(f.err):
		what = "broke off the connection"
	case f.class == refusedError:
		what = "refuses this master"
	}
	return "the database (" + s.kind + ") " + what
}

// unreached says whether err is about a connection that was never made.
func unreached(err error) bool {
	dialing, ok := errors.AsType[*net.OpError](err)
	_, unknown := errors.AsType[*net.DNSError](err)
	return ok && dialing.Op == "dial" || unknown
}
