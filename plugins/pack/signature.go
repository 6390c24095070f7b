package pack

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"strings"

	"github.com/carillonhq/carillon/core"
)

const pemType = "PRIVATE KEY" // PKCS #8

// verify checks the signature, when keys are given.
func (a *archive) verify(keys []ed25519.PublicKey) error {
	if len(keys) == 0 {
		return nil
	}
	if _, ok := a.files[SignatureName]; !ok {
		return core.Broken(field, "is not signed; only signed packages are taken here")
	}
	text, err := a.small(SignatureName, 1<<10)
	if err != nil {
		return err
	}
	signature, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		return core.Malformed(SignatureName, "must be an Ed25519 signature in base64")
	}
	for _, key := range keys {
		if ed25519.Verify(key, a.raw, signature) {
			return nil
		}
	}
	return core.Broken(field, "is not signed with a key that is trusted here")
}

// ParsePublicKey reads an Ed25519 public key as FormatPublicKey writes it: base64 of its 32 bytes.
func ParsePublicKey(text string) (ed25519.PublicKey, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(key) != ed25519.PublicKeySize {
		return nil, errors.New("must be an Ed25519 public key in base64, 44 characters that `carillon plugin keygen` prints")
	}
	return key, nil
}

// FormatPublicKey writes a key as ParsePublicKey reads it.
func FormatPublicKey(key ed25519.PublicKey) string { return base64.StdEncoding.EncodeToString(key) }

// ParsePrivateKey reads an Ed25519 private key from PEM (PKCS #8), which `openssl genpkey -algorithm ed25519` writes, too.
func ParsePrivateKey(text []byte) (ed25519.PrivateKey, error) {
	bad := errors.New("must be an Ed25519 private key as PEM (PKCS #8), such as `carillon plugin keygen` writes")
	block, _ := pem.Decode(text)
	if block == nil || block.Type != pemType {
		return nil, bad
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, bad
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, bad
	}
	return key, nil
}

// FormatPrivateKey writes a key as ParsePrivateKey reads it.
func FormatPrivateKey(key ed25519.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: der}), nil
}
