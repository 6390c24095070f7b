package dsn

import (
	"errors"
	"strconv"
	"strings"
	"unicode"
)

var (
	errHost = errors.New("must be a host name or an address")
	errPort = errors.New("must have a number from 1 to 65535 for the port")
)

// takeServers reads host, host:port, [address]:port, or several with commas between; or the path of a Unix socket.
func takeServers(s *settings, value string) error {
	s.servers = nil
	for part := range strings.SplitSeq(value, ",") {
		srv, err := parseServer(strings.TrimSpace(part))
		if err != nil {
			return err
		}
		s.servers = append(s.servers, srv)
	}
	return nil
}

func parseServer(text string) (server, error) {
	if strings.HasPrefix(text, "/") {
		if strings.ContainsFunc(text, unicode.IsControl) {
			return server{}, errHost
		}
		return server{host: text}, nil
	}
	host, port, hasPort := text, "", false
	if inside, found := strings.CutPrefix(text, "["); found {
		var after string
		if host, after, found = strings.Cut(inside, "]"); !found {
			return server{}, errHost
		}
		if port, hasPort = strings.CutPrefix(after, ":"); !hasPort && after != "" {
			return server{}, errHost
		}
	} else if strings.Count(text, ":") == 1 { // more are an IPv6 address
		host, port, hasPort = strings.Cut(text, ":")
	}
	if !isHost(host) {
		return server{}, errHost
	}
	if hasPort && !isPort(port) {
		return server{}, errPort
	}
	return server{host, port}, nil
}

// isHost reports whether a text may be a host name or an address. Whether it is one, the resolver knows.
func isHost(host string) bool {
	return host != "" && len(host) <= 255 && !strings.ContainsFunc(host, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(".-_:%", r)
	})
}

func isPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return err == nil && n > 0
}

func takePort(s *settings, value string) error {
	if !isPort(value) {
		return errors.New("must be a number from 1 to 65535")
	}
	s.port = value
	return nil
}

// isSQLServerName reports whether a server is named in a way that only SQL Server's provider knows.
func isSQLServerName(value string) bool {
	host, port, hasPort := strings.Cut(value, ",")
	return value == "." || strings.HasPrefix(value, "(") || strings.Contains(value, `\`) ||
		strings.HasPrefix(strings.ToLower(value), "tcp:") || hasPort && isPort(strings.TrimSpace(port)) && host != ""
}

// takeSQLServer reads what SQL Server's provider calls a data source: [tcp:]host[\instance][,port], where . and (local) are
// this machine. With a port the instance does not count.
func takeSQLServer(s *settings, value string) error {
	switch protocol, rest, _ := strings.Cut(value, ":"); strings.ToLower(strings.TrimSpace(protocol)) {
	case "tcp":
		value = strings.TrimSpace(rest)
	case "np", "lpc", "admin":
		return errors.New("must be reached over TCP: write host, host\\instance or host,port; named pipes, shared memory and the administrator's connection are not supported")
	}
	host, port, hasPort := strings.Cut(value, ",")
	host, instance, _ := strings.Cut(strings.TrimSpace(host), `\`)
	port = strings.TrimSpace(port)
	switch {
	case host == "" || host == "." || strings.EqualFold(host, "(local)"):
		host = "localhost"
	case strings.HasPrefix(strings.ToLower(host), "(localdb)"):
		return errors.New("must be a server: LocalDB exists on Windows only")
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if !isHost(host) || instance != "" && !isHost(instance) {
		return errHost
	}
	if hasPort && !isPort(port) {
		return errPort
	}
	if hasPort {
		instance = ""
	}
	s.servers, s.instance = []server{{host, port}}, instance
	return nil
}
