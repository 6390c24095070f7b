package handshake

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"
)

// CertificateKey is the variable in a plugin's environment that has the worker's certificate, PEM. A plugin without it does
// not serve: anybody could call it.
const CertificateKey = "PLUGIN_CLIENT_CERT"

// hostName is the name that both sides' certificates have, and that each looks for in the other's.
const hostName = "localhost"

// AutoMTLS makes a certificate for one process of a plugin, as go-plugin's option of that name does. It differs in the
// curve: go-plugin's is P-521, which BoringSSL refuses, and with it gRPC for Python and other languages as it is published;
// this is P-256, which all know.
//
// config is for go-plugin's ClientConfig.TLSConfig, with AutoMTLS off. It trusts nobody: go-plugin puts the plugin's
// certificate, the sixth field of its handshake line, in as the only one to trust, and without that field there is no
// connection. environment is a variable to add to the plugin's environment.
func AutoMTLS() (config *tls.Config, environment string, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, "", fmt.Errorf("make a key: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, "", fmt.Errorf("make a serial number: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: hostName},
		DNSNames:     []string{hostName},
		NotBefore:    time.Now().Add(-time.Minute),
		NotAfter:     time.Now().AddDate(10, 0, 0), // the key is gone with the worker
		KeyUsage:     x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
		IsCA:         true, BasicConstraintsValid: true, // plugins trust it as the only authority
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, "", fmt.Errorf("make a certificate: %w", err)
	}
	config = &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
		RootCAs:      x509.NewCertPool(), // nil would be the authorities of this machine
		MinVersion:   tls.VersionTLS12,
		ServerName:   hostName,
	}
	return config, CertificateKey + "=" + string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), nil
}
