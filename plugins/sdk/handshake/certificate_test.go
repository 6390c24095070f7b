package handshake_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/plugins/sdk/handshake"
)

// A worker shows each process a certificate of its own, on a curve that every language's TLS knows, and trusts nobody until
// it knows the plugin's.
func TestCertificateOfAProcess(t *testing.T) {
	t.Parallel()
	config, variable, err := handshake.AutoMTLS()
	require.NoError(t, err)
	text, found := strings.CutPrefix(variable, "PLUGIN_CLIENT_CERT=")
	require.True(t, found, variable)
	block, rest := pem.Decode([]byte(text))
	require.NotNil(t, block)
	require.Empty(t, rest)
	certificate, err := x509.ParseCertificate(block.Bytes)
	require.NoError(t, err)
	key, ok := certificate.PublicKey.(*ecdsa.PublicKey)
	require.True(t, ok)
	require.Equal(t, elliptic.P256(), key.Curve)
	require.Equal(t, config.Certificates[0].Certificate, [][]byte{block.Bytes})

	_, another, err := handshake.AutoMTLS()
	require.NoError(t, err)
	require.NotEqual(t, variable, another)

	require.NotNil(t, config.RootCAs, "nil would be the authorities of this machine")
	_, err = certificate.Verify(x509.VerifyOptions{Roots: config.RootCAs, DNSName: "localhost"})
	require.ErrorAs(t, err, &x509.UnknownAuthorityError{})
}
