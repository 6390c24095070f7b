package certs

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/carillonhq/carillon/core"
)

const (
	authorityName = "ca"
	authorityLife = 10 * 365 * 24 * time.Hour
	// backdated lets machines whose clocks are a little behind accept a certificate at once.
	backdated = time.Hour
)

// Authority makes certificates that those who know its own accept. It lives in a folder, as ca.crt and ca.key.
type Authority struct {
	folder string
	cert   *x509.Certificate
	key    crypto.Signer
}

// OpenAuthority opens the authority in a folder, and makes folder and authority when they are not there.
func OpenAuthority(folder string, now time.Time) (a *Authority, made bool, err error) {
	a = &Authority{folder: folder}
	pair, err := tls.LoadX509KeyPair(a.path(".crt", authorityName), a.path(".key", authorityName))
	if err == nil {
		a.cert, a.key = pair.Leaf, pair.PrivateKey.(crypto.Signer) // every private key that tls loads is one
		if !a.cert.IsCA {
			return nil, false, fmt.Errorf("%s is not the certificate of an authority", a.path(".crt", authorityName))
		}
		return a, false, nil
	}
	_, certErr := os.Stat(a.path(".crt", authorityName))
	_, keyErr := os.Stat(a.path(".key", authorityName))
	if !errors.Is(certErr, fs.ErrNotExist) || !errors.Is(keyErr, fs.ErrNotExist) {
		return nil, false, fmt.Errorf("the authority in %s is not whole: %w", folder, err)
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, false, err
	}
	template, err := template(authorityName, now, now.Add(authorityLife))
	if err != nil {
		return nil, false, err
	}
	template.Subject.CommonName = "Carillon CA"
	template.IsCA, template.BasicConstraintsValid, template.MaxPathLenZero = true, true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	if err := a.write(authorityName, template); err != nil {
		return nil, false, err
	}
	a, _, err = OpenAuthority(folder, now)
	return a, true, err
}

// Issue makes a certificate for a node, as NAME.crt and NAME.key in the authority's folder, and replaces the one that may be
// there. hosts are the DNS names and addresses that workers dial a master by; a worker needs none. It gives the instant
// at which the certificate ends.
func (a *Authority) Issue(name string, hosts []string, now time.Time, life time.Duration) (end time.Time, err error) {
	node := core.Node{Name: name, Weight: core.DefaultWeight, Slots: core.DefaultSlots}
	if err := node.Validate(); err != nil {
		return time.Time{}, err
	}
	if name == authorityName {
		return time.Time{}, fmt.Errorf("the name %s is that of the authority itself", name)
	}
	end = now.Add(life)
	if end.After(a.cert.NotAfter) {
		end = a.cert.NotAfter
	}
	if !end.After(now) {
		return time.Time{}, fmt.Errorf("the authority in %s ended at %s: make a new one in another folder", a.folder, a.cert.NotAfter.Format(time.RFC3339))
	}
	cert, err := template(name, now, end)
	if err != nil {
		return time.Time{}, err
	}
	cert.KeyUsage, cert.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			cert.IPAddresses = append(cert.IPAddresses, ip)
		} else {
			cert.DNSNames = append(cert.DNSNames, host)
		}
	}
	if len(hosts) > 0 {
		cert.ExtKeyUsage = append(cert.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
	}
	return end, a.write(name, cert)
}

func template(name string, from, to time.Time) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	return &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: name}, NotBefore: from.Add(-backdated), NotAfter: to}, nil
}

// write makes a key and a certificate for it, and stores both. Without a certificate of its own, the authority signs itself.
func (a *Authority) write(name string, cert *x509.Certificate) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = cert, key
	}
	signed, err := x509.CreateCertificate(rand.Reader, cert, parent, key.Public(), signer)
	if err != nil {
		return fmt.Errorf("sign the certificate of %s: %w", name, err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := replace(a.path(".key", name), "PRIVATE KEY", private, 0o600); err != nil {
		return err
	}
	return replace(a.path(".crt", name), "CERTIFICATE", signed, 0o644)
}

func (a *Authority) path(ending, name string) string { return filepath.Join(a.folder, name+ending) }

// replace stores a file whole or not at all, for a running process may read it at any moment.
func replace(path, kind string, content []byte, mode fs.FileMode) (err error) {
	text := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content})
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, err = f.Write(text)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	return err
}
