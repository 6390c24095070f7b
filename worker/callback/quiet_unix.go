//go:build unix

package callback

import (
	"errors"
	"net"
	"syscall"
)

// canBeQuiet says that connections can wait in a pool: the system can be asked about them.
const canBeQuiet = true

// quiet asks the system about a connection that waits in the pool.
type quiet struct {
	conn syscall.RawConn
	look func(fd uintptr) bool
	byte [1]byte
	is   bool
}

// newQuiet gives nil when the system cannot be asked about conn.
func newQuiet(conn net.Conn) *quiet {
	known, ok := conn.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := known.SyscallConn()
	if err != nil {
		return nil
	}
	q := &quiet{conn: raw}
	q.look = func(fd uintptr) bool {
		_, err := syscall.Read(int(fd), q.byte[:])
		q.is = errors.Is(err, syscall.EAGAIN) // neither data, nor an end, nor an error
		return true
	}
	return q
}

// holds says whether nothing was heard on the connection. Then it is open as far as is known here, and what comes next
// answers what is sent next. The connection's deadline must not have passed.
func (q *quiet) holds() bool {
	q.is = false
	return q.conn.Read(q.look) == nil && q.is
}
