package dbserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
)

// Postgres starts a PostgreSQL server of the newest version installed.
func Postgres(ctx context.Context, o Options) (*Server, error) {
	bin, err := postgresBin()
	if err != nil {
		return nil, err
	}
	return begin(ctx, postgres(bin), o)
}

func postgres(bin string) *kind {
	data := func(dir string) string { return filepath.Join(dir, "data") }
	return &kind{
		name: "postgres", user: "postgres",
		url:     "postgres://carillon@ADDR/postgres?sslmode=disable",
		signals: [...]syscall.Signal{Fast: syscall.SIGINT, Immediate: syscall.SIGQUIT, Kill: syscall.SIGKILL},
		files:   map[string]string{"hba.conf": "host all all all trust\n"},
		install: func(dir string) *exec.Cmd {
			return exec.Command(filepath.Join(bin, "initdb"), "--pgdata", data(dir), "--username", "carillon", "--auth", "trust",
				"--encoding", "UTF8", "--no-locale", "--no-sync")
		},
		serve: func(dir, host string, port int) *exec.Cmd {
			// A client that says nothing, as one behind a cut does, holds up even a fast shutdown until it is given up.
			return exec.Command(filepath.Join(bin, "postgres"), "-D", data(dir), "-c", "listen_addresses="+host,
				"-c", "port="+strconv.Itoa(port), "-c", "unix_socket_directories=", "-c", "max_connections=200",
				"-c", "authentication_timeout=2s", "-c", "hba_file="+filepath.Join(dir, "hba.conf"))
		},
		ready: func(ctx context.Context, host string, port int) error {
			return exec.CommandContext(ctx, filepath.Join(bin, "pg_isready"), "-q", "-h", host, "-p", strconv.Itoa(port)).Run()
		},
	}
}

// postgresBin finds the folder of the server's programs, which Debian keeps off the path.
func postgresBin() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil {
		return "", err
	}
	var newest string
	var version float64
	for _, path := range found {
		bin := filepath.Dir(path)
		if v, err := strconv.ParseFloat(filepath.Base(filepath.Dir(bin)), 64); err == nil && v > version {
			newest, version = bin, v
		}
	}
	if newest != "" {
		return newest, nil
	}
	path, err := exec.LookPath("postgres")
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("%w: no postgres below /usr/lib/postgresql or on the path; install the package postgresql", ErrNotInstalled)
	}
	if err != nil {
		return "", err
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return "", err
	}
	return filepath.Dir(path), nil
}
