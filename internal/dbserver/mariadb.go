package dbserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// MariaDB starts a MariaDB server.
func MariaDB(ctx context.Context, o Options) (*Server, error) {
	server, err := find("mariadbd", "/usr/sbin/mariadbd", "/usr/libexec/mariadbd", "/usr/local/sbin/mariadbd")
	if err != nil {
		return nil, err
	}
	install, err := find("mariadb-install-db")
	if err != nil {
		return nil, err
	}
	return begin(ctx, mariadb(server, install), o)
}

// atStart is what a server carries out at each start before it takes connections.
const atStart = `CREATE DATABASE IF NOT EXISTS carillon CHARACTER SET utf8mb4;
CREATE USER IF NOT EXISTS 'carillon'@'%' IDENTIFIED BY 'carillon';
GRANT ALL ON *.* TO 'carillon'@'%';
`

func mariadb(server, install string) *kind {
	return &kind{
		name: "mariadb", user: "mysql",
		url: "mysql://carillon:carillon@ADDR/carillon",
		// There is no signal between a clean shutdown and none.
		signals: [...]syscall.Signal{Fast: syscall.SIGTERM, Immediate: syscall.SIGKILL, Kill: syscall.SIGKILL},
		files:   map[string]string{"start.sql": atStart},
		install: func(dir string) *exec.Cmd {
			return exec.Command(install, "--no-defaults", "--datadir="+filepath.Join(dir, "data"),
				"--auth-root-authentication-method=normal", "--skip-test-db")
		},
		serve: func(dir, host string, port int) *exec.Cmd {
			return exec.Command(server, "--no-defaults", "--datadir="+filepath.Join(dir, "data"), "--bind-address="+host,
				"--port="+strconv.Itoa(port), "--socket="+filepath.Join(dir, "s"), "--pid-file="+filepath.Join(dir, "pid"),
				"--init-file="+filepath.Join(dir, "start.sql"), "--skip-name-resolve", "--max-connections=200")
		},
		ready: greeted,
	}
}

// greeted waits for the greeting that a server sends to a client before it asks who that is.
func greeted(ctx context.Context, host string, port int) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // it has said all that is wanted
	if err := conn.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return err
	}
	// Three bytes of length, one of sequence, then the protocol's version, or 255 for an error.
	var head [5]byte
	if _, err := io.ReadFull(conn, head[:]); err != nil {
		return err
	}
	if head[4] != 10 {
		return fmt.Errorf("the greeting begins with %d", head[4])
	}
	return nil
}

// find looks for a program on the path and then at the places where it is otherwise.
func find(program string, places ...string) (string, error) {
	path, err := exec.LookPath(program)
	if err == nil {
		return path, nil
	}
	for _, place := range places {
		if _, statErr := os.Stat(place); statErr == nil {
			return place, nil
		}
	}
	if errors.Is(err, exec.ErrNotFound) {
		return "", fmt.Errorf("%w: no %s on the path; install the package mariadb-server", ErrNotInstalled, program)
	}
	return "", err
}
