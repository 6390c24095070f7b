package host

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/wallclock"
	"github.com/carillonhq/carillon/plugins/manifest"
	"github.com/carillonhq/carillon/plugins/pack"
)

// Adopt takes a directory with a plugin.yaml for a package, as it lies there, and gives what a call is to name it by. It is for
// trying a plugin where it is being written: nothing is packed, only the executable for this platform needs to be there,
// and keys are not asked for. An error about the manifest or the executable is a *core.Error.
func (h *Host) Adopt(dir string) (digest string, m *manifest.Manifest, err error) {
	if dir, err = filepath.Abs(dir); err != nil {
		return "", nil, err
	}
	if m, err = pack.Manifest(dir); err != nil {
		return "", nil, err
	}
	name, err := m.Executable(runtime.GOOS, runtime.GOARCH)
	if err != nil {
		return "", nil, err
	}
	path := filepath.Join(dir, filepath.FromSlash(name))
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil, core.Broken("executables", "names %s, which is not there: build it first", name)
	case err != nil:
		return "", nil, fmt.Errorf("look at the executable: %w", err)
	case !info.Mode().IsRegular():
		return "", nil, core.Broken("executables", "names %s, which is not a file", name)
	case runtime.GOOS != "windows" && info.Mode()&0o111 == 0:
		return "", nil, core.Broken("executables", "names %s, which cannot be executed: chmod +x it", name)
	}
	sum := sha256.Sum256([]byte("directory " + dir))
	digest = hex.EncodeToString(sum[:])
	got := &installed{digest: digest, manifest: m, dir: dir, path: path, foreign: true}
	h.cache.mu.Lock()
	defer h.cache.mu.Unlock()
	// The host is a user of its own, so that the cache keeps its hands off.
	h.cache.entries[digest] = &entry{digest: digest, name: m.Name, version: m.Version, users: 1, used: wallclock.Now(), installed: got}
	return digest, m, nil
}
