package pack

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
)

// Check reads a package to its end and says what it is. Its errors are *core.Error and name what is wrong, but for those
// of reading r. Nothing is written, and little of it is held in memory at a time.
func Check(r io.ReaderAt, size int64, options Options) (*Package, error) {
	a, err := open(r, size, options.Limits)
	if err != nil {
		return nil, err
	}
	if err := a.verify(options.Keys); err != nil {
		return nil, err
	}
	for _, name := range a.order {
		if err := a.read(name, io.Discard); err != nil {
			return nil, err
		}
	}
	return a.describe(r, size)
}

func (a *archive) describe(r io.ReaderAt, size int64) (*Package, error) {
	digest, err := Digest(io.NewSectionReader(r, 0, size))
	if err != nil {
		return nil, err
	}
	_, signed := a.files[SignatureName]
	return &Package{
		Manifest: a.manifest, Digest: digest, Size: size, Unpacked: a.unpacked, Files: len(a.files), Signed: signed,
	}, nil
}

// Digest is what a package is known by: the SHA-256 of its file, in hex.
func Digest(r io.Reader) (string, error) {
	sum := sha256.New()
	if _, err := io.Copy(sum, r); err != nil {
		return "", fmt.Errorf("read the package: %w", err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
