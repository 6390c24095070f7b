package core_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

// pair makes a certificate that signs itself, and its key in the forms that tools write.
func pair(t *testing.T) (cert, pkcs8, sec1 string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	require.NoError(t, err)
	key8, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	key1, err := x509.MarshalECPrivateKey(private)
	require.NoError(t, err)
	return block("CERTIFICATE", der), block("PRIVATE KEY", key8), block("EC PRIVATE KEY", key1)
}

func block(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func TestTLSOptionsAreCheckedBeforeTheyAreStored(t *testing.T) {
	t.Parallel()
	cert, key, sec1 := pair(t)
	otherCert, otherKey, _ := pair(t)
	type callback = core.Callback
	set := func(o core.TLS) func(*callback) { return func(c *callback) { c.TLS = o } }
	const ca, certField, keyField = "callback.tls.ca", "callback.tls.cert", "callback.tls.key"
	checkRefusals(t, validCallback, (*callback).Validate, []refusal[callback]{
		{"server name too long", "callback.tls.serverName", core.CodeRule, set(core.TLS{ServerName: strings.Repeat("x", core.MaxServerName+1)})},
		{"server name is not UTF-8", "callback.tls.serverName", core.CodeMalformed, set(core.TLS{ServerName: "\xff"})},
		{"CA is no PEM", ca, core.CodeMalformed, set(core.TLS{CA: "the CA"})},
		{"CA is a path", ca, core.CodeMalformed, set(core.TLS{CA: "/etc/ssl/ca.pem"})},
		{"CA is a key", ca, core.CodeMalformed, set(core.TLS{CA: key})},
		{"CA is cut short", ca, core.CodeMalformed, set(core.TLS{CA: cert[:len(cert)/2]})},
		{"CA is no certificate", ca, core.CodeMalformed, set(core.TLS{CA: block("CERTIFICATE", []byte("nonsense"))})},
		{"the second CA is none", ca, core.CodeMalformed, set(core.TLS{CA: cert + block("CERTIFICATE", []byte("nonsense"))})},
		{"a CA with something behind it", ca, core.CodeMalformed, set(core.TLS{CA: cert + "and more"})},
		{"CA too long", ca, core.CodeRule, set(core.TLS{CA: strings.Repeat(cert, 1+core.MaxPEM/len(cert))})},
		{"certificate without key", keyField, core.CodeRule, set(core.TLS{Cert: cert})},
		{"key without certificate", certField, core.CodeRule, set(core.TLS{Key: key})},
		{"certificate is no PEM", certField, core.CodeMalformed, set(core.TLS{Cert: "hunter2", Key: key})},
		{"key in place of the certificate", certField, core.CodeMalformed, set(core.TLS{Cert: key, Key: key})},
		{"key is no PEM", keyField, core.CodeMalformed, set(core.TLS{Cert: cert, Key: "hunter2"})},
		{"certificate in place of the key", keyField, core.CodeMalformed, set(core.TLS{Cert: cert, Key: cert})},
		{"key is no key", keyField, core.CodeMalformed, set(core.TLS{Cert: cert, Key: block("PRIVATE KEY", []byte("nonsense"))})},
		{"key with a passphrase", keyField, core.CodeMalformed, set(core.TLS{Cert: cert, Key: block("ENCRYPTED PRIVATE KEY", []byte("sealed"))})},
		{"key of another certificate", keyField, core.CodeRule, set(core.TLS{Cert: cert, Key: otherKey})},
		{"key of the second certificate", keyField, core.CodeRule, set(core.TLS{Cert: cert + otherCert, Key: otherKey})},
		{"key too long", keyField, core.CodeRule, set(core.TLS{Cert: cert, Key: key + strings.Repeat(" ", core.MaxPEM)})},
	})
	for name, o := range map[string]core.TLS{
		"unchecked":               {InsecureSkipVerify: true},
		"a name":                  {ServerName: strings.Repeat("x", core.MaxServerName)},
		"two CAs":                 {CA: cert + "\n" + otherCert + "\n"},
		"windows lines":           {CA: strings.ReplaceAll(cert, "\n", "\r\n")},
		"a pair":                  {Cert: cert, Key: key},
		"a chain":                 {Cert: cert + otherCert, Key: key},
		"a key of OpenSSL's ec":   {Cert: cert, Key: block("EC PARAMETERS", []byte{6, 8}) + sec1},
		"all that there is":       {InsecureSkipVerify: true, ServerName: "a", CA: otherCert, Cert: cert, Key: key},
		"a certificate explained": {CA: "Subject: a test\n" + cert},
	} {
		c := validCallback()
		c.TLS = o
		require.NoError(t, c.Validate(), name)
	}
}

// What is refused is told to the caller and logged by some, so it must not show a key.
func TestRefusedKeyIsNotShown(t *testing.T) {
	t.Parallel()
	cert, _, _ := pair(t)
	c := validCallback()
	c.TLS = core.TLS{Cert: cert, Key: "hunter2"}
	require.NotContains(t, c.Validate().Error(), "hunter2")
}
