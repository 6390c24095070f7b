package e2e

import (
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

// TLS between masters and workers with an authority of one's own: whoever does not show or trust what it should does not
// join, and a certificate that is renewed is taken up without a stop.
func TestTLSBetweenMastersAndWorkers(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	at := func(name string) string { return filepath.Join(folder, name) }
	certify := func(args ...string) {
		r := command(t, "", append([]string{"certs", "--dir", folder}, args...)...)
		require.Zero(t, r.status, r.stderr)
		require.Contains(t, r.stdout, at(args[0]+".crt"))
	}
	certify("m1", "127.0.0.1", "localhost")
	certify("w1")
	target := newSink(t)
	m := serve(t, "master", t.TempDir(), "--grpc-tls-cert", at("m1.crt"), "--grpc-tls-key", at("m1.key"), "--grpc-tls-ca", at("ca.crt"))
	trusting, showing := []string{"--master-ca", at("ca.crt")}, []string{"--master-cert", at("w1.crt"), "--master-key", at("w1.key")}
	w := joinWorker(t, m.grpc, "w1", append(trusting, showing...)...)
	id := m.delay("0.1", target.URL+"/")
	m.awaitDelayed(core.DelayedSucceeded, id)

	for name, flags := range map[string][]string{
		"plain": nil, "trusts-the-system": append([]string{"--master-tls"}, showing...), "shows-nothing": trusting,
	} {
		startWorker(t, m.grpc, name, flags...).await(2, soon, `"msg":"not connected to a master"`)
		require.NotContains(t, m.nodes(), name)
	}
	require.NotContains(t, m.stderr.text(), "without TLS", "it is loopback, and it is TLS")

	certify("m1", "localhost")
	_, port, err := net.SplitHostPort(m.grpc)
	require.NoError(t, err)
	joinWorker(t, "localhost:"+port, "w2", append(trusting, showing...)...)
	m.await(1, soon, "certificates were read anew")
	startWorker(t, m.grpc, "w3", append(trusting, showing...)...).await(2, soon, `"msg":"not connected to a master"`, "127.0.0.1")
	w.terminate()
	require.Zero(t, w.exit(soon), "a stream that is open goes on")
}

func TestHalfConfiguredTLS(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"grpc_tls_key":  {"master", "--grpc-tls-cert", "c"},
		"grpc_tls_cert": {"serve", "--grpc-tls-ca", "a"},
		"master_key":    {"worker", "--master", "m", "--master-ca", "a", "--master-cert", "c"},
		"master_ca":     {"worker", "--master", "m", "--master-key", "k", "--master-cert", "c"},
	} {
		r := command(t, "", args...)
		require.Equal(t, 2, r.status, r.stderr)
		require.Contains(t, r.stderr, want)
	}
	r := command(t, "", "master", "--grpc-tls-cert", "/nowhere/c", "--grpc-tls-key", "/nowhere/k", "--data", t.TempDir(), "--http-addr", anyPort, "--grpc-addr", anyPort)
	require.Equal(t, 1, r.status)
	require.Contains(t, r.stderr, "/nowhere/c")
}

func TestCertsCommand(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "certs")
	r := command(t, "", "certs", "m1", "m1.internal", "10.0.0.1", "--dir", folder, "--days", "30")
	require.Zero(t, r.status, r.stderr)
	require.Contains(t, r.stdout, "made an authority: "+filepath.Join(folder, "ca.crt"))
	require.Contains(t, r.stdout, "made a certificate of m1.internal, 10.0.0.1 until "+time.Now().Add(30*24*time.Hour).Format(time.DateOnly))
	r = command(t, "", "certs", "w1", "--dir", folder)
	require.NotContains(t, r.stdout, "authority")
	require.Contains(t, r.stdout, "a worker")
	for _, bad := range [][]string{{}, {"m1", "--days", "0"}, {"m1", "--days", "9999"}} {
		require.Equal(t, 2, command(t, "", append([]string{"certs", "--dir", folder}, bad...)...).status, bad)
	}
	require.Equal(t, 1, command(t, "", "certs", "../w1", "--dir", folder).status)
}
