package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"slices"

	"github.com/carillonhq/carillon/core"
)

// An errorClass is what an error of the database calls for.
type errorClass int

const (
	// unknownError is not the database's own: an error of Go's libraries.
	unknownError errorClass = iota
	// refusedError is about what was read or written: trying the same again is of no use.
	refusedError
	// duplicateError is the breach of a primary key or a unique index.
	duplicateError
	// lostRaceError is a deadlock or a serialization failure: nothing was done, and the same may be tried again at once.
	lostRaceError
	// passingError is about a database that is out of reach, locked or full.
	passingError
)

// Failure is a failure of the database, as opposed to a request it refuses.
type Failure struct {
	err   error
	class errorClass
}

// Error says what failed, for the log.
func (f *Failure) Error() string { return "database: " + f.err.Error() }

// Unwrap gives the driver's error.
func (f *Failure) Unwrap() error { return f.err }

// Refused says whether err is about what was read or written, so that trying the same again is of no use, and not about a
// database that is out of reach, locked or full.
func Refused(err error) bool {
	if f, ok := errors.AsType[*Failure](err); ok {
		return slices.Contains([]errorClass{refusedError, duplicateError, unknownError}, f.class)
	}
	return err != nil && !interrupted(err)
}

// interrupted says whether err is about a connection, or a wait that was given up.
func interrupted(err error) bool {
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	return slices.ContainsFunc([]error{
		context.Canceled, context.DeadlineExceeded, driver.ErrBadConn, sql.ErrConnDone, sql.ErrTxDone, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed,
	}, func(known error) bool { return errors.Is(err, known) })
}

func isCore(err error) bool { return core.CodeOf(err) != "" }
