package callback

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/carillonhq/carillon/core"
)

const (
	// maxOwnTransports is how many sets of TLS options keep their connections; the one unused longest gives way.
	maxOwnTransports = 64
	// maxHeaderBytes bounds the head of an answer.
	maxHeaderBytes = 256 << 10
)

// way is a kind of connection that callbacks may ask for.
type way struct {
	core.TLS
	// once makes a connection for each call alone. On one that was used before, net/http would send a request again when
	// the target closed it before it answered.
	once bool
}

// transports holds the connections: one pool for all callbacks, and one for each other way.
type transports struct {
	options Options
	plain   *http.Transport

	mu  sync.Mutex // so that one set of options is not built twice
	own *lru.Cache[way, *http.Transport]
}

func newTransports(o Options) (*transports, error) {
	t := &transports{options: o}
	t.plain = t.build(&tls.Config{MinVersion: tls.VersionTLS12}, false)
	var err error
	t.own, err = lru.NewWithEvict(maxOwnTransports, func(_ way, old *http.Transport) { old.CloseIdleConnections() })
	return t, err
}

// of is the transport for a way. Its error is a permanent failure.
func (t *transports) of(w way) (*http.Transport, error) {
	if w == (way{}) {
		return t.plain, nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if own, ok := t.own.Get(w); ok {
		return own, nil
	}
	config, err := tlsConfig(&w.TLS)
	if err != nil {
		return nil, err
	}
	own := t.build(config, w.once)
	t.own.Add(w, own)
	return own, nil
}

func (t *transports) closeIdle() {
	t.plain.CloseIdleConnections()
	for _, own := range t.own.Values() {
		own.CloseIdleConnections()
	}
}

// build makes a transport. It connects by itself, also for TLS, so that one limit covers both and is known to the call.
func (t *transports) build(config *tls.Config, once bool) *http.Transport {
	config.NextProtos = []string{"h2", "http/1.1"}
	config.ClientSessionCache = tls.NewLRUClientSessionCache(256)
	transport := &http.Transport{
		DialContext: t.connect,
		DialTLSContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return t.connectTLS(ctx, network, address, config)
		},
		// Used behind a proxy only, where DialTLSContext is not.
		TLSClientConfig:        config,
		TLSHandshakeTimeout:    30 * time.Second,
		ForceAttemptHTTP2:      true,
		DisableKeepAlives:      once,
		MaxIdleConnsPerHost:    t.options.IdlePerHost,
		IdleConnTimeout:        90 * time.Second,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: maxHeaderBytes,
	}
	if t.options.ProxyFromEnvironment {
		transport.Proxy = http.ProxyFromEnvironment
	}
	return transport
}

// connect opens a connection in plain text.
func (t *transports) connect(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, _, cancel := connectContext(ctx)
	defer cancel()
	conn, err := t.options.Dial(ctx, network, address)
	return conn, connectError(ctx, err)
}

// connectTLS opens a connection and secures it.
func (t *transports) connectTLS(ctx context.Context, network, address string, config *tls.Config) (net.Conn, error) {
	ctx, progress, cancel := connectContext(ctx)
	defer cancel()
	conn, err := t.options.Dial(ctx, network, address)
	if err != nil {
		return nil, connectError(ctx, err)
	}
	progress.phase.CompareAndSwap(phaseConnecting, phaseTLS)
	if config.ServerName == "" {
		config = config.Clone()
		if config.ServerName, _, err = net.SplitHostPort(address); err != nil {
			return nil, err
		}
	}
	secured := tls.Client(conn, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, connectError(ctx, err)
	}
	return secured, nil
}

// connectError tells a limit that passed from other errors.
func connectError(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return errConnectTimeout
	}
	return err
}

// tlsConfig reads a callback's TLS options.
func tlsConfig(o *core.TLS) (*tls.Config, error) {
	config := &tls.Config{
		MinVersion:         tls.VersionTLS12,
		ServerName:         o.ServerName,
		InsecureSkipVerify: o.InsecureSkipVerify, // #nosec G402 -- the task asks for it
	}
	if o.CA != "" {
		roots, err := x509.SystemCertPool()
		if err != nil {
			roots = x509.NewCertPool()
		}
		if !roots.AppendCertsFromPEM([]byte(o.CA)) {
			return nil, permanent("the TLS option ca holds no PEM certificate")
		}
		config.RootCAs = roots
	}
	if o.Cert != "" || o.Key != "" {
		pair, err := tls.X509KeyPair([]byte(o.Cert), []byte(o.Key))
		if err != nil {
			return nil, permanent("the TLS options cert and key are not a PEM certificate and its key")
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}
