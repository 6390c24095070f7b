package certs

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const year = 365 * 24 * time.Hour

// issue makes a certificate in a folder, and the authority when there is none.
func issue(t *testing.T, folder, name string, hosts ...string) Files {
	t.Helper()
	a, _, err := OpenAuthority(folder, time.Now())
	require.NoError(t, err)
	_, err = a.Issue(name, hosts, time.Now(), year)
	require.NoError(t, err)
	at := func(file string) string { return filepath.Join(folder, file) }
	return Files{Cert: at(name + ".crt"), Key: at(name + ".key"), CA: at("ca.crt")}
}

// meet has a client dial a server by a name, and gives the certificate that the client saw and what each side says of the
// other.
func meet(t *testing.T, server, client *tls.Config, name string) (seen *x509.Certificate, serverErr, clientErr error) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	done := make(chan error, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			done <- err
			return
		}
		s := tls.Server(conn, server)
		if err = s.Handshake(); err == nil {
			_, err = s.Write([]byte("x")) // a client learns by it that its own certificate was taken
		}
		_ = s.Close()
		done <- err
	}()
	conn, err := net.Dial("tcp", listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	client = client.Clone()
	client.ServerName = name
	c := tls.Client(conn, client)
	if clientErr = c.Handshake(); clientErr == nil {
		_, clientErr = c.Read(make([]byte, 1))
	}
	if peers := c.ConnectionState().PeerCertificates; len(peers) > 0 {
		seen = peers[0]
	}
	return seen, <-done, clientErr
}

func serverOf(t *testing.T, f Files) *tls.Config {
	t.Helper()
	cfg, err := Server(f, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	return cfg
}

func clientOf(t *testing.T, f Files) func() *tls.Config {
	t.Helper()
	cfg, err := Client(f, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	return cfg
}

func TestWhoAcceptsWhom(t *testing.T) {
	t.Parallel()
	ours, theirs := t.TempDir(), t.TempDir()
	master, worker := issue(t, ours, "m1", "m1.internal", "127.0.0.1"), issue(t, ours, "w1")
	stranger := issue(t, theirs, "w1")
	plain := func(f Files) Files { f.CA = ""; return f }
	nameless := func(f Files) Files { return Files{CA: f.CA} }
	for _, tc := range []struct {
		name           string
		server, client Files
		dialled        string
		serverOK       bool
		clientOK       bool
	}{
		{"one way, by name", plain(master), nameless(worker), "m1.internal", true, true},
		{"one way, by address", plain(master), nameless(worker), "127.0.0.1", true, true},
		{"both ways", master, worker, "m1.internal", true, true},
		{"a name that the certificate does not have", plain(master), nameless(worker), "m2.internal", false, false},
		{"a client that knows another authority", plain(master), nameless(stranger), "m1.internal", false, false},
		{"a client that knows the system's only", plain(master), Files{}, "m1.internal", false, false},
		{"a client without a certificate", master, nameless(worker), "m1.internal", false, false},
		{"a certificate of another authority", master, Files{Cert: stranger.Cert, Key: stranger.Key, CA: worker.CA}, "m1.internal", false, false},
		{"a worker's certificate serves nobody", plain(worker), nameless(worker), "w1", false, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, serverErr, clientErr := meet(t, serverOf(t, tc.server), clientOf(t, tc.client)(), tc.dialled)
			require.Equal(t, tc.serverOK, serverErr == nil, "server: %v", serverErr)
			require.Equal(t, tc.clientOK, clientErr == nil, "client: %v", clientErr)
		})
	}
}

// A renewed certificate is shown to the next connection; while the files are at odds, the last that fit together is.
func TestRenewedFilesAreTakenUp(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	f := issue(t, folder, "m1", "m1")
	var log bytes.Buffer
	server, err := Server(Files{Cert: f.Cert, Key: f.Key}, slog.New(slog.NewTextHandler(&log, nil)))
	require.NoError(t, err)
	client := clientOf(t, Files{CA: f.CA})
	shown := func() string {
		seen, serverErr, clientErr := meet(t, server, client(), "m1")
		require.NoError(t, serverErr)
		require.NoError(t, clientErr)
		return seen.SerialNumber.String()
	}
	first := shown()
	require.Equal(t, first, shown())
	require.Empty(t, log.String())

	oldKey, err := os.ReadFile(f.Key)
	require.NoError(t, err)
	issue(t, folder, "m1", "m1")
	newKey, err := os.ReadFile(f.Key)
	require.NoError(t, err)
	require.NoError(t, replace(f.Key, "PRIVATE KEY", block(t, oldKey), 0o600))
	require.Equal(t, first, shown(), "the certificate is renewed and its key is not yet")
	require.Contains(t, log.String(), "those before stay in force")
	require.NoError(t, replace(f.Key, "PRIVATE KEY", block(t, newKey), 0o600))
	second := shown()
	require.NotEqual(t, first, second)
	require.Contains(t, log.String(), "read anew")

	require.NoError(t, os.Remove(f.Cert))
	require.Equal(t, second, shown())
	issue(t, folder, "m1", "m1")
	require.NotEqual(t, second, shown())
}

// A client takes up other authorities too.
func TestRenewedAuthoritiesAreTakenUp(t *testing.T) {
	t.Parallel()
	ours, theirs := t.TempDir(), t.TempDir()
	f, other := issue(t, ours, "m1", "m1"), issue(t, theirs, "m1", "m1")
	client := clientOf(t, Files{CA: f.CA})
	server := serverOf(t, Files{Cert: other.Cert, Key: other.Key})
	_, _, err := meet(t, server, client(), "m1")
	require.Error(t, err)
	mine, err := os.ReadFile(f.CA)
	require.NoError(t, err)
	its, err := os.ReadFile(other.CA)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(f.CA, append(mine, its...), 0o600))
	_, _, err = meet(t, server, client(), "m1")
	require.NoError(t, err)
}

func block(t *testing.T, text []byte) []byte {
	t.Helper()
	b, _ := pem.Decode(text)
	require.NotNil(t, b)
	return b.Bytes
}

func TestFilesThatCannotBeUsedAreRefusedAtTheStart(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	f := issue(t, folder, "m1", "m1")
	other := issue(t, folder, "m2", "m2")
	log := slog.New(slog.DiscardHandler)
	_, err := Server(Files{CA: f.CA}, log)
	require.ErrorContains(t, err, "a server needs a certificate")
	for _, bad := range []Files{
		{Cert: f.Cert, Key: other.Key}, {Cert: f.Cert, Key: f.Cert}, {Cert: filepath.Join(folder, "none"), Key: f.Key},
		{Cert: f.Cert, Key: f.Key, CA: f.Key}, {Cert: f.Cert, Key: f.Key, CA: filepath.Join(folder, "none")},
	} {
		_, err := Server(bad, log)
		require.Error(t, err, bad)
		_, err = Client(bad, log)
		require.Error(t, err, bad)
		require.ErrorContains(t, err, folder, "the file is named")
	}
}

func TestAuthority(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "certs")
	now := time.Now()
	a, made, err := OpenAuthority(folder, now)
	require.NoError(t, err)
	require.True(t, made)
	again, made, err := OpenAuthority(folder, now)
	require.NoError(t, err)
	require.False(t, made)
	require.Equal(t, a.cert.Raw, again.cert.Raw, "it is made once")
	for name, mode := range map[string]os.FileMode{"ca.key": 0o600, "ca.crt": 0o644} {
		info, err := os.Stat(filepath.Join(folder, name))
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode().Perm(), name)
	}

	end, err := a.Issue("m1", []string{"m1.internal", "::1"}, now, year)
	require.NoError(t, err)
	require.Equal(t, now.Add(year), end)
	end, err = a.Issue("m1", []string{"m1.internal", "::1"}, now, 100*year)
	require.NoError(t, err)
	require.Equal(t, a.cert.NotAfter, end, "no certificate outlives its authority")
	for _, bad := range []string{"", "ca", "a/b", "../m1", "a b"} {
		_, err := a.Issue(bad, nil, now, year)
		require.Error(t, err, bad)
	}
	_, err = a.Issue("m1", nil, now.Add(11*year), year)
	require.ErrorContains(t, err, "ended at")

	files, err := filepath.Glob(filepath.Join(folder, "*"))
	require.NoError(t, err)
	require.Len(t, files, 4, "nothing is left behind: %v", files)
	require.NoError(t, os.Remove(filepath.Join(folder, "ca.key")))
	_, _, err = OpenAuthority(folder, now)
	require.ErrorContains(t, err, "not whole", "a new authority must not take the place of one that is in use")
	issued := filepath.Join(folder, "m1")
	require.NoError(t, os.Rename(issued+".crt", filepath.Join(folder, "ca.crt")))
	require.NoError(t, os.Rename(issued+".key", filepath.Join(folder, "ca.key")))
	_, _, err = OpenAuthority(folder, now)
	require.ErrorContains(t, err, "not the certificate of an authority")
}
