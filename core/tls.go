package core

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"strings"
)

// TLS is how the target's certificate is checked and what is shown to it.
type TLS struct {
	InsecureSkipVerify bool   `json:"insecureSkipVerify,omitempty"`
	ServerName         string `json:"serverName,omitempty"`
	CA                 string `json:"ca,omitempty"`   // PEM certificates trusted beside the system's
	Cert               string `json:"cert,omitempty"` // PEM client certificate, with Key
	Key                string `json:"key,omitempty" audit:"secret"`
}

// The limits of TLS options.
const (
	MaxServerName = 253      // characters, as DNS has it
	MaxPEM        = 64 << 10 // bytes of each of CA, Cert and Key
)

// validate checks that a worker will be able to use the options. What a key is refused for does not show it.
func (o *TLS) validate() error {
	if *o == (TLS{}) {
		return nil
	}
	if err := checkText("callback.tls.serverName", o.ServerName, 0, MaxServerName); err != nil {
		return err
	}
	for _, f := range [...]struct{ field, value string }{
		{"callback.tls.ca", o.CA}, {"callback.tls.cert", o.Cert}, {"callback.tls.key", o.Key},
	} {
		if len(f.value) > MaxPEM {
			return Broken(f.field, "has %d bytes; at most %d are allowed", len(f.value), MaxPEM)
		}
	}
	if o.CA != "" {
		if err := checkCertificates("callback.tls.ca", o.CA); err != nil {
			return err
		}
	}
	if o.Cert == "" && o.Key == "" {
		return nil
	}
	return o.validatePair()
}

// validatePair checks the client certificate and its key, which go together.
func (o *TLS) validatePair() error {
	if o.Cert == "" {
		return Broken("callback.tls.cert", "is required with key")
	}
	if o.Key == "" {
		return Broken("callback.tls.key", "is required with cert")
	}
	if err := checkCertificates("callback.tls.cert", o.Cert); err != nil {
		return err
	}
	if !isPrivateKey(o.Key) {
		return Malformed("callback.tls.key", "must be a private key in PEM, without a passphrase")
	}
	if _, err := tls.X509KeyPair([]byte(o.Cert), []byte(o.Key)); err != nil {
		return Broken("callback.tls.key", "is not the key of the first certificate in cert")
	}
	return nil
}

// checkCertificates checks that a text is PEM certificates and nothing else: what could not be read would be left out of
// the trusted ones without a word.
func checkCertificates(field, text string) error {
	for rest := text; strings.TrimSpace(rest) != ""; {
		block, after := pem.Decode([]byte(rest))
		if block == nil || block.Type != "CERTIFICATE" {
			return Malformed(field, "must be PEM certificates and nothing else, each from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----")
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return Malformed(field, "holds a PEM block that is not a certificate")
		}
		rest = string(after)
	}
	return nil
}

// isPrivateKey says whether a text holds a key of one of the forms that crypto/tls reads.
func isPrivateKey(text string) bool {
	for rest := []byte(text); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return false
		}
		if block.Type != "PRIVATE KEY" && !strings.HasSuffix(block.Type, " PRIVATE KEY") {
			continue // such as the parameters of a curve, which OpenSSL writes before the key
		}
		_, err8 := x509.ParsePKCS8PrivateKey(block.Bytes)
		_, err1 := x509.ParsePKCS1PrivateKey(block.Bytes)
		_, errEC := x509.ParseECPrivateKey(block.Bytes)
		return err8 == nil || err1 == nil || errEC == nil
	}
}
