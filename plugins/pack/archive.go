package pack

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/plugins/manifest"
)

// field is what errors about a package as a whole name.
const field = "package"

// archive is a package that is read with suspicion.
type archive struct {
	limits   Limits
	files    map[string]*zip.File
	order    []string // the names, as they lie in the package
	manifest *manifest.Manifest
	sums     map[string]string // SHA-256 as hex, by name
	raw      []byte            // plugin.sums itself, which the signature is over
	unpacked int64
}

// open reads a package's directory, manifest and sums, and checks all that can be known without reading the other files.
func open(r io.ReaderAt, size int64, limits Limits) (*archive, error) {
	limits = limits.withDefaults()
	if size > limits.Packed {
		return nil, &core.Error{Code: core.CodeTooLarge, Field: field, Format: "has %d bytes; at most %d are allowed",
			Args: []any{size, limits.Packed}}
	}
	guarded := &directoryReader{ReaderAt: r, left: directoryBudget(limits.Files)}
	z, err := zip.NewReader(guarded, size)
	if guarded.left < 0 {
		return nil, tooManyFiles(limits)
	}
	guarded.opened = true
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) { // names are checked below, with a better reason
		return nil, core.Malformed(field, "is not a zip file: %s", err.Error())
	}
	a := &archive{limits: limits, files: map[string]*zip.File{}}
	if err := a.index(z.File); err != nil {
		return nil, err
	}
	if err := a.readManifest(); err != nil {
		return nil, err
	}
	if err := a.readSums(); err != nil {
		return nil, err
	}
	return a, nil
}

func tooManyFiles(limits Limits) error {
	return &core.Error{Code: core.CodeTooLarge, Field: field, Format: "has more than %d files", Args: []any{limits.Files}}
}

// directoryReader bounds how much is read for a zip's directory, because its entries are held in memory, each several
// times as long as in the file, before anybody can count them.
type directoryReader struct {
	io.ReaderAt
	left   int64
	opened bool
}

// directoryBudget is enough for the directory of as many files as are allowed, with names of 400 bytes, and for the
// search of its end.
func directoryBudget(files int) int64 { return int64(files)*450 + 256<<10 }

func (d *directoryReader) ReadAt(p []byte, off int64) (int, error) {
	if d.opened {
		return d.ReaderAt.ReadAt(p, off)
	}
	if d.left -= int64(len(p)); d.left < 0 {
		return 0, errors.New("the directory is too long")
	}
	return d.ReaderAt.ReadAt(p, off)
}

func (a *archive) index(files []*zip.File) error {
	if len(files) > a.limits.Files {
		return tooManyFiles(a.limits)
	}
	seen := &names{}
	var declared uint64
	for _, f := range files {
		if err := checkEntry(f); err != nil {
			return err
		}
		if err := seen.add(f.Name, f.Mode().IsDir()); err != nil {
			return err
		}
		if f.Mode().IsDir() {
			continue
		}
		// Each is bounded before it is added, so that the sum cannot overflow.
		if f.UncompressedSize64 > uint64(a.limits.Unpacked) || declared+f.UncompressedSize64 > uint64(a.limits.Unpacked) {
			return a.tooLong()
		}
		declared += f.UncompressedSize64
		a.files[f.Name] = f
		a.order = append(a.order, f.Name)
	}
	return nil
}

func (a *archive) tooLong() error {
	return &core.Error{Code: core.CodeTooLarge, Field: field, Format: "unpacks to more than %d bytes", Args: []any{a.limits.Unpacked}}
}

func checkEntry(f *zip.File) error {
	kind := f.Mode().Type()
	switch {
	case kind == fs.ModeSymlink:
		return core.Broken(field, "has a link, %q; links are not allowed", f.Name)
	case kind != 0 && kind != fs.ModeDir:
		return core.Broken(field, "has %q, which is neither a file nor a directory", f.Name)
	case f.Flags&1 != 0:
		return core.Broken(field, "has %q encrypted", f.Name)
	case f.Method != zip.Store && f.Method != zip.Deflate:
		return core.Broken(field, "has %q compressed in a way other than deflate", f.Name)
	case kind == fs.ModeDir && f.UncompressedSize64 != 0:
		return core.Broken(field, "has the directory %q with content", f.Name)
	}
	return nil
}

// small reads one of the package's own files, which are read whole.
func (a *archive) small(name string, most int64) ([]byte, error) {
	f, ok := a.files[name]
	if !ok {
		return nil, core.Broken(field, "has no file %s", name)
	}
	if f.UncompressedSize64 > uint64(most) {
		return nil, core.Broken(field, "has a file %s of %d bytes; at most %d are allowed", name, f.UncompressedSize64, most)
	}
	r, err := f.Open()
	if err != nil {
		return nil, damaged(name, err)
	}
	defer r.Close() //nolint:errcheck // only read
	data, err := io.ReadAll(io.LimitReader(r, most+1))
	if err != nil {
		return nil, damaged(name, err)
	}
	return data, nil
}

func damaged(name string, err error) error {
	return core.Malformed(field, "is damaged at %q: %s", name, err.Error())
}

func (a *archive) readManifest() error {
	data, err := a.small(manifest.Name, manifest.MaxSize)
	if err != nil {
		return err
	}
	a.manifest, err = manifest.Parse(data)
	if err != nil {
		if e, ok := errors.AsType[*core.Error](err); ok && e.Field != manifest.Name {
			e.Field = manifest.Name + " " + e.Field
		}
		return err
	}
	for platform, file := range a.manifest.Executables {
		if _, ok := a.files[file]; !ok || file == SumsName || file == SignatureName || file == manifest.Name {
			return core.Broken(manifest.Name+" executables."+platform, "names %q, which is not in the package", file)
		}
	}
	return nil
}

func (a *archive) readSums() (err error) {
	if a.raw, err = a.small(SumsName, maxSums); err != nil {
		return err
	}
	if a.sums, err = parseSums(a.raw); err != nil {
		return err
	}
	for _, name := range a.order {
		if _, ok := a.sums[name]; !ok && !isOwn(name) {
			return core.Broken(field, "has %q, which %s does not list", name, SumsName)
		}
	}
	for name := range a.sums {
		if _, ok := a.files[name]; !ok || isOwn(name) {
			return core.Broken(field, "has no %q, which %s lists", name, SumsName)
		}
	}
	return nil
}

// isOwn holds for the files that plugin.sums does not list.
func isOwn(name string) bool { return name == SumsName || name == SignatureName }

// read reads one file to its end, writes it to w, and compares it with its sum.
func (a *archive) read(name string, w io.Writer) error {
	r, err := a.files[name].Open()
	if err != nil {
		return damaged(name, err)
	}
	defer r.Close() //nolint:errcheck // only read
	sum, head := sha256.New(), &head{}
	left := a.limits.Unpacked - a.unpacked
	n, err := io.Copy(io.MultiWriter(w, sum, head), io.LimitReader(r, left+1))
	a.unpacked += n
	if n > left {
		return a.tooLong()
	}
	if err != nil {
		return damaged(name, err)
	}
	if want, listed := a.sums[name]; listed && want != hex.EncodeToString(sum.Sum(nil)) {
		return core.Broken(field, "has another %q than %s lists", name, SumsName)
	}
	for platform, file := range a.manifest.Executables {
		if file == name {
			if err := checkExecutable(platform, file, head.Bytes()); err != nil {
				return err
			}
		}
	}
	return nil
}

// head keeps the beginning of a file, where executables say what they are.
type head struct{ bytes.Buffer }

const headSize = 8 << 10

func (h *head) Write(p []byte) (int, error) {
	h.Buffer.Write(p[:min(len(p), headSize-h.Len())])
	return len(p), nil
}
