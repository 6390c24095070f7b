package dsn

import (
	"net"
	"strings"
	"time"
)

// defaultConnectTimeout is ADO.NET's.
const defaultConnectTimeout = 15 * time.Second

// applicationName is how the database's administrators see the connections when the text does not say.
const applicationName = "carillon"

// settings are what a text says, whatever its form.
type settings struct {
	servers          []server
	port             string // of the servers that name none
	instance         string // SQL Server's named instance
	database         string
	user             string
	password         string
	maxOpen          int
	connectTimeout   time.Duration
	statementTimeout time.Duration
	params           map[string]string // for the driver
}

// server is a host, an address or the path of a socket, with its port; an empty port is the one said elsewhere.
type server struct{ host, port string }

func newSettings(d *dialect) *settings {
	return &settings{port: d.port, connectTimeout: defaultConnectTimeout, params: map[string]string{}}
}

func (s *settings) param(name, value string) { s.params[name] = value }

// takeParam gives a parameter, and takes it away.
func (s *settings) takeParam(name, otherwise string) string {
	value, ok := s.params[name]
	if !ok {
		return otherwise
	}
	delete(s.params, name)
	return value
}

// shown is user@server/database, for logs.
func (s *settings) shown() string {
	var b strings.Builder
	if s.user != "" {
		b.WriteString(s.user + "@")
	}
	for i, srv := range s.servers {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(srv.String())
	}
	if s.instance != "" {
		b.WriteString(`\` + s.instance)
	}
	return b.String() + "/" + s.database
}

// isSocket reports whether the server is a Unix socket.
func (s server) isSocket() bool { return strings.HasPrefix(s.host, "/") }

// String is host:port.
func (s server) String() string {
	if s.isSocket() || s.port == "" {
		return s.host
	}
	return net.JoinHostPort(s.host, s.port)
}
