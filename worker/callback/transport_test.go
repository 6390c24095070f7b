package callback

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

// newSecureTarget is a TLS server that speaks HTTP/2 and answers with the protocol and the client's name. It is given
// with the PEM of the certificate to trust.
func newSecureTarget(t *testing.T) (url, ca string) {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := "nobody"
		if len(r.TLS.PeerCertificates) > 0 {
			name = r.TLS.PeerCertificates[0].Subject.CommonName
		}
		_, _ = fmt.Fprintf(w, "%s %s %s", r.Proto, name, r.Header.Get(headerRunID))
	}))
	s.EnableHTTP2 = true
	s.TLS = &tls.Config{ClientAuth: tls.RequestClientCert, MinVersion: tls.VersionTLS12}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.URL, authorityOf(s)
}

// authorityOf is the PEM of the certificate that a TLS server is to be trusted by.
func authorityOf(s *httptest.Server) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
}

func TestTLSOptions(t *testing.T) {
	t.Parallel()
	url, ca := newSecureTarget(t)
	cert, key := clientCertificate(t, "worker-1")
	for name, c := range map[string]struct {
		tls    core.TLS
		want   string
		reason string
	}{
		"unknown authority": {core.TLS{}, "", "certificate signed by unknown authority"},
		"own authority":     {core.TLS{CA: ca}, "HTTP/2.0 nobody " + runID, ""},
		"unchecked":         {core.TLS{InsecureSkipVerify: true}, "HTTP/2.0 nobody " + runID, ""},
		"another name":      {core.TLS{CA: ca, ServerName: "example.com"}, "HTTP/2.0 nobody " + runID, ""},
		"the wrong name":    {core.TLS{CA: ca, ServerName: "example.org"}, "", "certificate is valid for"},
		"own certificate":   {core.TLS{CA: ca, Cert: cert, Key: key}, "HTTP/2.0 worker-1 " + runID, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			call := newCall(url)
			call.Callback.TLS = c.tls
			out := newClient(t, Options{}).Do(t.Context(), call)
			if c.reason != "" {
				require.Equal(t, core.RunFailed, out.State)
				require.Contains(t, out.Result.Reason, c.reason)
				require.True(t, out.Retryable)
				return
			}
			require.Equal(t, core.RunSucceeded, out.State, out.Result.Reason)
			require.Equal(t, c.want, string(out.Result.Response))
		})
	}
}

// A request that must not be sent twice gets a connection of its own: nothing is there for net/http to send it again on.
func TestAtMostOnceUsesEachConnectionOnce(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	callers := map[string]int{}
	target := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		callers[r.RemoteAddr]++
	}))
	t.Cleanup(target.Close)
	client := newClient(t, Options{})
	for range 3 {
		call := newCall(target.URL)
		call.AtMostOnce = true
		require.Equal(t, core.RunSucceeded, client.Do(t.Context(), call).State)
	}
	mu.Lock()
	defer mu.Unlock()
	require.Len(t, callers, 3)
}

func TestConnectionThatWentStale(t *testing.T) {
	t.Parallel()
	// The target answers one request on each connection and closes it when the second comes.
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer conn.Close()
				r := bufio.NewReader(conn)
				for _, answer := range []string{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", ""} {
					req, err := http.ReadRequest(r)
					if err != nil {
						return
					}
					_, _ = io.Copy(io.Discard, req.Body)
					_, _ = io.WriteString(conn, answer)
				}
			})
		}
	})
	client := newClient(t, Options{})
	for range 4 {
		out := client.Do(t.Context(), newCall("http://"+listener.Addr().String()))
		require.Equal(t, core.RunSucceeded, out.State, out.Result.Reason)
	}
	client.Close()
	require.NoError(t, listener.Close())
	wg.Wait()
}

func TestTransportsAreSharedByTLSOptions(t *testing.T) {
	t.Parallel()
	client := newClient(t, Options{})
	plain, err := client.transports.of(way{})
	require.NoError(t, err)
	require.Same(t, client.transports.plain, plain)
	one, err := client.transports.of(way{TLS: core.TLS{ServerName: "a"}})
	require.NoError(t, err)
	again, err := client.transports.of(way{TLS: core.TLS{ServerName: "a"}})
	require.NoError(t, err)
	require.Same(t, one, again)
	for i := range 2 * maxOwnTransports {
		_, err := client.transports.of(way{TLS: core.TLS{ServerName: strconv.Itoa(i)}})
		require.NoError(t, err)
	}
	require.Equal(t, maxOwnTransports, client.transports.own.Len())
}

// clientCertificate makes a certificate that signs itself.
func clientCertificate(t *testing.T, name string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	require.NoError(t, err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))
}
