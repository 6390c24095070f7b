package host

import (
	"archive/zip"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/wallclock"
	"github.com/carillonhq/carillon/plugins/manifest"
)

// cache keeps package files, and installs those that are used. Its files are named by digest, and dated when they were
// last used, so that a new host knows what the one before it would have removed first.
type cache struct {
	o        *Options
	packages string // directory of package files
	files    string // directory of installed files, of this host only
	shared   bool   // they are for another user to read
	closed   <-chan struct{}
	works    sync.WaitGroup

	mu       sync.Mutex
	entries  map[string]*entry // by digest
	installs int               // counted for names of directories
}

// entry is one package.
type entry struct {
	digest string
	name   string // empty until the file is there
	// version, size (of the file) and unpacked (of the installed files) are known from then on.
	version        string
	size, unpacked int64

	users     int // runs and processes; more than none keep it
	used      time.Time
	installed *installed
	former    []string // directories of spoiled files, which processes may still have open
	work      *work
	partial   *partial
}

// installed is a package whose files can be run.
type installed struct {
	digest   string
	manifest *manifest.Manifest
	dir      string
	path     string // of the executable
	sum      []byte // SHA-256 of the executable
	// foreign says that the directory is not the cache's: it was adopted, and may change.
	foreign bool
}

// work is the fetch and installation of a package, which one goroutine does and others wait for.
type work struct {
	done    chan struct{}
	err     error
	waiting int
	cancel  context.CancelCauseFunc
}

// errAbandoned is why work ends that nobody waits for any more.
var errAbandoned = errors.New("nobody waits for the package any more")

var digestForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

const suffix = ".zip"

// openCache reads which packages are there. What was left half-done is removed.
func openCache(o *Options, packages, files string, closed <-chan struct{}) (*cache, error) {
	c := &cache{o: o, packages: packages, files: files, closed: closed, entries: map[string]*entry{}}
	found, err := os.ReadDir(packages)
	if err != nil {
		return nil, fmt.Errorf("read the cached packages: %w", err)
	}
	for _, f := range found {
		digest, ok := strings.CutSuffix(f.Name(), suffix)
		if ok && digestForm.MatchString(digest) {
			if e, err := c.known(digest); err == nil {
				c.entries[digest] = e
				continue
			}
		}
		if err := os.RemoveAll(filepath.Join(packages, f.Name())); err != nil {
			return nil, fmt.Errorf("remove what is no package from the cache: %w", err)
		}
	}
	return c, nil
}

// known reads what a cached file says of itself. Whether that is true is seen when it is installed.
func (c *cache) known(digest string) (*entry, error) {
	info, err := os.Stat(c.file(digest))
	if err != nil {
		return nil, err
	}
	z, err := zip.OpenReader(c.file(digest))
	if err != nil {
		return nil, err
	}
	defer z.Close() //nolint:errcheck // only read
	f, err := z.Open(manifest.Name)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(io.LimitReader(f, manifest.MaxSize+1))
	if err != nil {
		return nil, err
	}
	m, err := manifest.Parse(text)
	if err != nil {
		return nil, err
	}
	return &entry{digest: digest, name: m.Name, version: m.Version, size: info.Size(), used: info.ModTime()}, nil
}

func (c *cache) file(digest string) string { return filepath.Join(c.packages, digest+suffix) }

// choose gives the digest that a call is to have: the one it names, or that of the latest version in the cache.
func (c *cache) choose(call *Call) (digest string, err error) {
	if call.Digest == "" {
		return "", core.Broken("plugin.package", "%s", cmp.Or(call.Missing, "there is no such package"))
	}
	if !digestForm.MatchString(call.Digest) {
		return "", core.Malformed("plugin.digest", "must be a SHA-256 in lower-case hex")
	}
	if call.PullPolicy != core.PullIfNotPresent || call.Pinned {
		return call.Digest, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var versions []string
	digests := map[string]string{}
	for _, e := range c.entries {
		if e.name == call.Package {
			versions = append(versions, e.version)
			digests[e.version] = e.digest
		}
	}
	return cmp.Or(digests[manifest.Latest(versions)], call.Digest), nil
}

// acquire gives a package ready to run, which it fetches and installs if need be, and keeps it until release is called.
func (c *cache) acquire(ctx context.Context, digest string) (*installed, error) {
	c.mu.Lock()
	e := c.entries[digest]
	if e == nil {
		e = &entry{digest: digest}
		c.entries[digest] = e
	}
	e.users++
	for e.installed == nil {
		// Who comes while abandoned work is ending has it begun anew.
		if err := c.await(ctx, e); err != nil && (!errors.Is(err, errAbandoned) || ctx.Err() != nil) {
			c.mu.Unlock()
			c.release(digest)
			return nil, err
		}
	}
	got, now := e.installed, wallclock.Now()
	e.used = now
	c.mu.Unlock()
	_ = os.Chtimes(c.file(digest), time.Time{}, now) // only the order of eviction hangs on it
	return got, nil
}

// retain keeps a package that the caller has acquired for one user more.
func (c *cache) retain(digest string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entries[digest].users++
}

// release lets a package go.
func (c *cache) release(digest string) {
	c.mu.Lock()
	e := c.entries[digest]
	e.users--
	if e.users == 0 {
		for _, dir := range e.former {
			c.wipe(dir)
		}
		e.former = nil
		if e.name == "" && e.partial == nil && e.work == nil {
			delete(c.entries, digest)
		}
	}
	c.mu.Unlock()
	c.evict()
}

// spoiled has a package installed anew, because its files are not what they were. Processes that run go on with them.
func (c *cache) spoiled(got *installed) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.entries[got.digest]; e != nil && e.installed == got && !got.foreign {
		e.installed = nil
		e.former = append(e.former, got.dir)
	}
}

// await waits until the package was made ready, or why it cannot be. It is called and returns with the mutex locked.
func (c *cache) await(ctx context.Context, e *entry) error {
	w := e.work
	if w == nil {
		working, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
		w = &work{done: make(chan struct{}), cancel: cancel}
		e.work = w
		c.works.Go(func() { c.prepare(working, e, w) })
	}
	w.waiting++
	c.mu.Unlock()
	var err error
	select {
	case <-w.done:
		err = w.err
	case <-ctx.Done():
		err = context.Cause(ctx)
	case <-c.closed:
		err = errClosed
	}
	c.mu.Lock()
	if w.waiting--; w.waiting == 0 {
		w.cancel(errAbandoned)
	}
	return err
}

// prepare does the work that await waits for.
func (c *cache) prepare(ctx context.Context, e *entry, w *work) {
	got, unpacked, err := c.ready(ctx, e)
	c.mu.Lock()
	if err == nil {
		e.installed, e.unpacked = got, unpacked
	}
	w.err, e.work = err, nil
	close(w.done)
	c.mu.Unlock()
}

// evict removes what was not used for longest until the cache is as small as it is to be, or only what is in use is left.
func (c *cache) evict() {
	c.mu.Lock()
	defer c.mu.Unlock()
	var size int64
	var idle []*entry
	for _, e := range c.entries {
		size += e.bytes()
		if e.users == 0 && e.work == nil {
			idle = append(idle, e)
		}
	}
	slices.SortFunc(idle, func(a, b *entry) int { return a.used.Compare(b.used) })
	for _, e := range idle {
		if size <= c.o.CacheSize {
			return
		}
		size -= e.bytes()
		c.o.Logger.Info("a plugin package is removed from the cache", "package", e.name, "version", e.version, "bytes", e.bytes())
		c.remove(e)
		delete(c.entries, e.digest)
	}
}

// bytes is what a package takes on disk.
func (e *entry) bytes() int64 {
	if e.partial != nil {
		return e.partial.have
	}
	return e.size + e.unpacked
}

// remove removes what is on disk of a package. The caller has the mutex.
func (c *cache) remove(e *entry) {
	if e.partial != nil {
		e.partial.discard()
	}
	if e.installed != nil && !e.installed.foreign {
		c.wipe(e.installed.dir)
	}
	if err := os.Remove(c.file(e.digest)); err != nil && !os.IsNotExist(err) {
		c.o.Logger.Warn("a cached plugin package cannot be removed", "error", err)
	}
}

func (c *cache) wipe(dir string) {
	if err := wipe(dir); err != nil {
		c.o.Logger.Warn("the files of a plugin package cannot be removed", "error", err)
	}
}
