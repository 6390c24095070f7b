package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFailuresAreSaidPlainly(t *testing.T) {
	t.Parallel()
	s := &Store{kind: Postgres}
	for _, c := range []struct {
		err   error
		class errorClass
		want  string
	}{
		{&net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(192, 0, 2, 7)}, Err: syscall.ECONNREFUSED}, passingError, "cannot be reached"},
		{&net.DNSError{Name: "db.internal", Err: "no such host"}, passingError, "cannot be reached"},
		{fmt.Errorf("db.internal: %w", context.DeadlineExceeded), passingError, "does not answer in time"},
		{fmt.Errorf("db.internal: %w", io.ErrUnexpectedEOF), passingError, "broke off the connection"},
		{errors.New("password authentication failed for user root"), refusedError, "refuses this master"},
		{errors.New("db.internal: the disk is full"), passingError, "fails"},
	} {
		require.Equal(t, "the database (postgres) "+c.want, s.Plainly(&Failure{err: c.err, class: c.class}), c.err)
	}
}
