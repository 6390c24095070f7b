package certs

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
)

// Files name, as paths of PEM files, what one side shows and what it checks the other by.
type Files struct {
	// Cert and Key are the certificate that is shown, with those between it and its authority, and its key. A client may
	// have neither.
	Cert, Key string
	// CA are the authorities that the other side's certificate must come from. Without it a client trusts those of the
	// system, and a server asks for no certificate.
	CA string
}

// Server gives the configuration of a server. It fails when the files cannot be used as they are at the start; later each
// connection gets what they hold then.
func Server(f Files, log *slog.Logger) (*tls.Config, error) {
	w, err := watch(log, func() (*tls.Config, error) {
		cfg, authorities, err := f.read()
		if err == nil && len(cfg.Certificates) == 0 {
			err = errors.New("a server needs a certificate")
		}
		if err == nil && authorities != nil {
			cfg.ClientCAs, cfg.ClientAuth = authorities, tls.RequireAndVerifyClientCert
		}
		return cfg, err
	}, f.Cert, f.Key, f.CA)
	if err != nil {
		return nil, err
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS13, NextProtos: protocols(),
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return w.latest(), nil },
	}, nil
}

// Client gives a function that gives the configuration of a client as the files are when it is called.
func Client(f Files, log *slog.Logger) (func() *tls.Config, error) {
	w, err := watch(log, func() (*tls.Config, error) {
		cfg, authorities, err := f.read()
		if err == nil {
			cfg.RootCAs = authorities
		}
		return cfg, err
	}, f.Cert, f.Key, f.CA)
	if err != nil {
		return nil, err
	}
	return w.latest, nil
}

// protocols are what is spoken within: HTTP/2, by gRPC.
func protocols() []string { return []string{"h2"} }

func (f Files) read() (*tls.Config, *x509.CertPool, error) {
	cfg := &tls.Config{MinVersion: tls.VersionTLS13, NextProtos: protocols()} // both ends are ours
	if f.Cert != "" || f.Key != "" {
		pair, err := tls.LoadX509KeyPair(f.Cert, f.Key)
		if err != nil {
			return nil, nil, fmt.Errorf("read the certificate %s with its key %s: %w", f.Cert, f.Key, err)
		}
		cfg.Certificates = []tls.Certificate{pair}
	}
	if f.CA == "" {
		return cfg, nil, nil
	}
	text, err := os.ReadFile(f.CA)
	if err != nil {
		return nil, nil, fmt.Errorf("read the authorities: %w", err)
	}
	authorities := x509.NewCertPool()
	if !authorities.AppendCertsFromPEM(text) {
		return nil, nil, fmt.Errorf("the authorities in %s cannot be read: it must hold certificates in PEM form", f.CA)
	}
	return cfg, authorities, nil
}
