package host

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/carillonhq/carillon/plugins/host/proctree"
)

// marker is the variable in the environment of every process that a host starts: the host's id, a dot, and the number of
// the process.
const marker = "CARILLON_PLUGIN_PROCESS"

// longestSocketDir is how long the name of a directory may be in which go-plugin makes a directory with a socket: the
// names of sockets end at 104 bytes on some systems, and those that it makes take up to 38.
const longestSocketDir = 64

// sweepPatience is how long a start waits for processes of its predecessor to die of SIGKILL.
const sweepPatience = 10 * time.Second

// places are the directories of a host.
type places struct {
	id       string
	lock     *flock.Flock
	packages string // package files, kept from one host to the next
	files    string // installed packages
	run      string // directories of processes
	sockets  string // directory for sockets, when run's name is too long for them; empty otherwise
}

// openPlaces takes a directory for this host alone, ends what a host before it left running, and removes what it left.
func openPlaces(o *Options) (*places, error) {
	p := &places{packages: filepath.Join(o.Dir, "packages"), files: filepath.Join(o.Dir, "files"), run: filepath.Join(o.Dir, "run")}
	// Plugins that run as somebody else must get at their files, but need not see whose others there are.
	if err := os.MkdirAll(o.Dir, 0o711); err != nil { //nolint:gosec // see above
		return nil, fmt.Errorf("make the directory of plugins: %w", err)
	}
	p.lock = flock.New(filepath.Join(o.Dir, "lock"))
	held, err := p.lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock the directory of plugins: %w", err)
	}
	if !held {
		return nil, fmt.Errorf("another process runs plugins in %s: give each worker a data directory of its own", o.Dir)
	}
	if err := p.prepare(o); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *places) prepare(o *Options) error {
	var err error
	if p.id, err = identity(filepath.Join(o.Dir, "id")); err != nil {
		return err
	}
	found, left := proctree.KillMarked(marker, p.id+".", sweepPatience)
	if found > 0 {
		o.Logger.Warn("processes of plugins were left by a worker that died, and are killed", "found", found, "left", left)
	}
	for _, dir := range []string{p.files, p.run} {
		if err := wipe(dir); err != nil {
			return fmt.Errorf("remove what an earlier worker left: %w", err)
		}
		if err := os.Mkdir(dir, 0o711); err != nil { //nolint:gosec // as above
			return fmt.Errorf("make a directory of plugins: %w", err)
		}
		if err := os.Chmod(dir, 0o711); err != nil { //nolint:gosec // as above, whatever the umask
			return fmt.Errorf("make a directory of plugins: %w", err)
		}
	}
	if err := os.MkdirAll(p.packages, 0o700); err != nil {
		return fmt.Errorf("make a directory of plugins: %w", err)
	}
	return p.prepareSockets()
}

// prepareSockets finds a short name for the directory of sockets.
func (p *places) prepareSockets() error {
	ours := "carillon-" + p.id + "-"
	former, _ := filepath.Glob(filepath.Join(os.TempDir(), ours+"*"))
	for _, dir := range former {
		_ = os.RemoveAll(dir)
	}
	if len(p.run)+len("/1234567890") <= longestSocketDir {
		return nil
	}
	var err error
	if p.sockets, err = os.MkdirTemp("", ours+"*"); err != nil {
		return fmt.Errorf("make a directory for sockets: %w", err)
	}
	return os.Chmod(p.sockets, 0o711) //nolint:gosec // as above
}

func (p *places) close() {
	if p.sockets != "" {
		_ = os.RemoveAll(p.sockets)
	}
	_ = p.lock.Unlock()
}

var idForm = regexp.MustCompile(`^[0-9a-f]{16}$`)

// identity reads the number that tells processes of this directory from those of others on the machine.
func identity(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err == nil {
		if id := strings.TrimSpace(string(text)); idForm.MatchString(id) {
			return id, nil
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read the id of the directory of plugins: %w", err)
	}
	var random [8]byte
	_, _ = rand.Read(random[:]) // never fails
	id := hex.EncodeToString(random[:])
	if err := os.WriteFile(file, []byte(id+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("write the id of the directory of plugins: %w", err)
	}
	return id, nil
}

// wipe removes a directory with all in it, also where a plugin took away the right to.
func wipe(dir string) error {
	err := os.RemoveAll(dir)
	if err == nil {
		return nil
	}
	_ = filepath.WalkDir(dir, func(place string, entry fs.DirEntry, _ error) error {
		if entry != nil && entry.IsDir() {
			_ = os.Chmod(place, 0o700) //nolint:gosec // it is removed
		}
		return nil
	})
	return os.RemoveAll(dir)
}
