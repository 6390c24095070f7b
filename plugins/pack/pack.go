// Package pack knows the file that a plugin package is: a zip with plugin.yaml, the executables that it names, any other
// files, and plugin.sums with the SHA-256 of each of them. It builds packages from directories, and checks and extracts
// those that others have built, of which it believes nothing.
package pack

import (
	"cmp"
	"crypto/ed25519"

	"github.com/carillonhq/carillon/plugins/manifest"
)

// The files of a package that are not the developer's.
const (
	SumsName      = "plugin.sums" // a line "sha256  path" for every other file but the signature
	SignatureName = "plugin.sig"  // base64 of the Ed25519 signature over plugin.sums; may be missing
)

// The limits of a package when Limits does not say.
const (
	DefaultMaxPacked   = 256 << 20
	DefaultMaxUnpacked = 1 << 30
	DefaultMaxFiles    = 10_000
)

const (
	maxSums = 8 << 20
	maxPath = manifest.MaxPath
)

// Limits bound what a package may have. Zero takes the default.
type Limits struct {
	Packed   int64 // bytes of the file. Defaults to 256 MiB.
	Unpacked int64 // bytes of all files in it. Defaults to 1 GiB.
	Files    int   // Defaults to 10,000.
}

func (l Limits) withDefaults() Limits {
	return Limits{
		Packed:   cmp.Or(l.Packed, DefaultMaxPacked),
		Unpacked: cmp.Or(l.Unpacked, DefaultMaxUnpacked),
		Files:    cmp.Or(l.Files, DefaultMaxFiles),
	}
}

// Options say what a package must be to be taken.
type Options struct {
	Limits Limits
	// Keys are those by one of which a package must be signed. With none, unsigned packages are taken, and a signature is
	// not looked at.
	Keys []ed25519.PublicKey
}

// Package is what is known of a package that was built, checked or extracted.
type Package struct {
	Manifest *manifest.Manifest
	Digest   string // SHA-256 of the file, hex
	Size     int64  // bytes of the file
	Unpacked int64  // bytes of all files in it
	Files    int
	Signed   bool // it has a signature; by whom was checked only when Options.Keys was given
}
