package pack

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/carillonhq/carillon/plugins/manifest"
)

// Extract checks a package as Check does while it writes its files into dir, which it makes and which must not exist. It
// appears there whole or not at all: the files are written to a directory beside it, called .extract-*, that an error
// removes; one that a dead process left may be removed at any time. Files are for reading only, executables and files
// that were executable when they were packed can be executed.
func Extract(r io.ReaderAt, size int64, dir string, options Options) (*Package, error) {
	a, err := open(r, size, options.Limits)
	if err != nil {
		return nil, err
	}
	if err := a.verify(options.Keys); err != nil {
		return nil, err
	}
	made, err := os.MkdirTemp(filepath.Dir(dir), ".extract-*")
	if err != nil {
		return nil, fmt.Errorf("make a directory to extract into: %w", err)
	}
	defer os.RemoveAll(made) //nolint:errcheck // it is gone when all went well
	if err := a.extract(made); err != nil {
		return nil, err
	}
	p, err := a.describe(r, size)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(made, 0o755); err != nil { //nolint:gosec // the plugin may run as another user
		return nil, fmt.Errorf("open the extracted directory: %w", err)
	}
	if err := os.Rename(made, dir); err != nil {
		return nil, fmt.Errorf("put the extracted directory in place: %w", err)
	}
	return p, nil
}

func (a *archive) extract(dir string) error {
	// All is written through a Root: what the checks of the names overlook still cannot leave the directory.
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("open the directory to extract into: %w", err)
	}
	defer root.Close() //nolint:errcheck // nothing was written through it that its files did not report
	runs := map[string]bool{}
	for _, file := range a.manifest.Executables {
		runs[file] = true
	}
	for _, name := range a.order {
		mode := fs.FileMode(0o444)
		if runs[name] || a.files[name].Mode()&0o111 != 0 {
			mode = 0o555
		}
		if err := a.extractFile(root, name, mode); err != nil {
			return err
		}
	}
	return nil
}

func (a *archive) extractFile(root *os.Root, name string, mode fs.FileMode) error {
	if folder := path.Dir(name); folder != "." {
		if err := root.MkdirAll(folder, 0o755); err != nil {
			return fmt.Errorf("extract %s: %w", name, err)
		}
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return fmt.Errorf("extract %s: %w", name, err)
	}
	w := &writeErr{w: f}
	err = a.read(name, w)
	if closed := f.Close(); err == nil && closed != nil {
		err = closed
	}
	if w.err != nil { // the disk's fault, not the package's
		return fmt.Errorf("extract %s: %w", name, w.err)
	}
	return err
}

// writeErr tells an error of writing from one of reading.
type writeErr struct {
	w   io.Writer
	err error
}

func (w *writeErr) Write(p []byte) (int, error) {
	n, err := w.w.Write(p)
	w.err = err
	return n, err
}

// Manifest reads the manifest of a directory that Extract made, or that a package is to be built from.
func Manifest(dir string) (*manifest.Manifest, error) {
	f, err := os.Open(filepath.Join(dir, manifest.Name))
	if err != nil {
		return nil, fmt.Errorf("read the manifest: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read
	data, err := io.ReadAll(io.LimitReader(f, manifest.MaxSize+1))
	if err != nil {
		return nil, fmt.Errorf("read the manifest: %w", err)
	}
	return manifest.Parse(data)
}
