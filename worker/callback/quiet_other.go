//go:build !unix

package callback

import "net"

// canBeQuiet says that connections can wait in a pool: the system can be asked about them.
const canBeQuiet = false

// quiet asks the system about a connection that waits in the pool. Here it cannot.
type quiet struct{}

func newQuiet(net.Conn) *quiet { return nil }

func (*quiet) holds() bool { return false }
