package host

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"

	goplugin "github.com/hashicorp/go-plugin"

	"github.com/carillonhq/carillon/plugins/pack"
)

// errSpoiled is why a process is not started: its executable is not the one of the package any more.
var errSpoiled = errors.New("the executable on disk is not the one of the package")

// ready installs a package, whose file it fetches when there is none or when it is not what its name says.
func (c *cache) ready(ctx context.Context, e *entry) (*installed, int64, error) {
	if e.name != "" { // written by this goroutine or one before it only
		got, unpacked, err := c.install(e)
		if !errors.Is(err, errDamaged) {
			return got, unpacked, err
		}
		c.o.Logger.Warn("a cached plugin package is damaged and is fetched anew", "package", e.name, "version", e.version, "error", err)
		_ = os.Remove(c.file(e.digest))
	}
	if err := c.fetch(ctx, e); err != nil {
		return nil, 0, err
	}
	got, unpacked, err := c.install(e)
	if err != nil {
		// What cannot be run is not worth its place.
		_ = os.Remove(c.file(e.digest))
		c.mu.Lock()
		e.name, e.version, e.size = "", "", 0
		c.mu.Unlock()
	}
	return got, unpacked, err
}

var errDamaged = errors.New("the file is damaged")

// install extracts a package file, which checks all of it.
func (c *cache) install(e *entry) (*installed, int64, error) {
	f, err := os.Open(c.file(e.digest))
	if err != nil {
		return nil, 0, fmt.Errorf("%w: %w", errDamaged, err)
	}
	defer f.Close() //nolint:errcheck // only read
	info, err := f.Stat()
	if err != nil {
		return nil, 0, fmt.Errorf("read the package: %w", err)
	}
	// The digest comes first: what fails it is not the package, and its other faults are nobody's.
	digest, err := pack.Digest(f)
	if err != nil {
		return nil, 0, err
	}
	if digest != e.digest {
		return nil, 0, fmt.Errorf("%w: its digest is %s", errDamaged, digest)
	}
	c.mu.Lock()
	c.installs++
	dir := filepath.Join(c.files, e.digest[:16]+"."+strconv.Itoa(c.installs))
	c.mu.Unlock()
	p, err := pack.Extract(f, info.Size(), dir, pack.Options{Limits: c.o.Package, Keys: c.o.Keys})
	if err != nil {
		return nil, 0, fmt.Errorf("the package is refused: %w", err)
	}
	if c.shared {
		if err := share(dir); err != nil {
			c.wipe(dir)
			return nil, 0, err
		}
	}
	got, err := executable(p, dir)
	if err != nil || p.Digest != e.digest {
		c.wipe(dir)
		return nil, 0, errors.Join(err, notSame(p.Digest, e.digest))
	}
	c.mu.Lock()
	e.name, e.version, e.size = p.Manifest.Name, p.Manifest.Version, p.Size
	c.mu.Unlock()
	return got, p.Unpacked, nil
}

func notSame(got, want string) error {
	if got == want {
		return nil
	}
	return fmt.Errorf("%w: its digest became %s while it was read", errDamaged, got)
}

// executable finds the file to start on this platform, and remembers what it is.
func executable(p *pack.Package, dir string) (*installed, error) {
	name, err := p.Manifest.Executable(runtime.GOOS, runtime.GOARCH)
	if err != nil {
		return nil, err
	}
	got := &installed{digest: p.Digest, manifest: p.Manifest, dir: dir, path: filepath.Join(dir, filepath.FromSlash(name))}
	f, err := os.Open(got.path)
	if err != nil {
		return nil, fmt.Errorf("read the executable: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return nil, fmt.Errorf("read the executable: %w", err)
	}
	got.sum = sum.Sum(nil)
	return got, nil
}

// verify reports whether the executable is what it was when it was installed.
func (i *installed) verify() error {
	if i.foreign {
		return nil
	}
	secure := goplugin.SecureConfig{Checksum: i.sum, Hash: sha256.New()}
	same, err := secure.Check(i.path)
	if err != nil {
		return fmt.Errorf("%w: %w", errSpoiled, err)
	}
	if !same {
		return errSpoiled
	}
	return nil
}

// share lets all users read a directory's files, which the worker's umask may have forbidden.
func share(dir string) error {
	err := filepath.WalkDir(dir, func(place string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		mode := info.Mode().Perm()
		return os.Chmod(place, mode|mode>>3&0o050|mode>>6&0o005) //nolint:gosec // they are for plugins, which are somebody else
	})
	if err != nil {
		return fmt.Errorf("let plugins read their files: %w", err)
	}
	return nil
}
