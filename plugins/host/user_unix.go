//go:build unix

package host

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/plugins/host/supervise"
)

// lookUp finds the user that plugins run as; nil when it is who runs the worker.
func lookUp(name string) (*supervise.User, error) {
	if name == "" {
		return nil, nil
	}
	if os.Geteuid() != 0 {
		return nil, core.Broken("user", "can be set only when root runs the worker")
	}
	found, err := user.Lookup(name)
	if err != nil {
		if found, err = user.LookupId(name); err != nil {
			return nil, core.Broken("user", "must be the name or the number of a user of this machine: there is no %q", name)
		}
	}
	uid, err := strconv.ParseUint(found.Uid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("read the number of user %s: %w", name, err)
	}
	gid, err := strconv.ParseUint(found.Gid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("read the group of user %s: %w", name, err)
	}
	if !supervised {
		return nil, core.Broken("user", "can be set on Linux only")
	}
	return &supervise.User{UID: uint32(uid), GID: uint32(gid)}, nil
}

// letThrough refuses a directory that a user cannot get to, before a plugin fails at it.
func letThrough(as *supervise.User, dir string) error {
	for as != nil {
		info, err := os.Stat(dir)
		if err != nil {
			return fmt.Errorf("look at the directory of plugins: %w", err)
		}
		mode := info.Mode().Perm()
		if owner, ok := info.Sys().(*syscall.Stat_t); ok && owner.Uid == as.UID {
			mode >>= 6
		} else if ok && owner.Gid == as.GID {
			mode >>= 3
		}
		if mode&1 == 0 {
			return core.Broken("user", "must be let through %s to get at its files: chmod o+x it", dir)
		}
		above := filepath.Dir(dir)
		if above == dir {
			break
		}
		dir = above
	}
	return nil
}
