package chaos

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"unsafe"
)

// diskSize is more than the database of a run takes, and little enough to be filled in a moment.
const diskSize = "size=256m"

// disk is what SQLite's folder is on: a small file system of its own where one may be mounted, else the machine's.
type disk struct {
	dir     string
	mounted bool
}

// mount mounts a small file system on a folder, if that is allowed.
func (d *disk) mount(dir string) error {
	d.dir = dir
	err := syscall.Mount("carillon-chaos", dir, "tmpfs", 0, diskSize)
	d.mounted = err == nil
	if errors.Is(err, syscall.EPERM) {
		return nil
	}
	return err
}

func (d *disk) unmount() error {
	if !d.mounted {
		return nil
	}
	d.mounted = false
	return syscall.Unmount(d.dir, 0)
}

// fill takes all that is left of the disk, and gives a function that gives it back. Where the disk is the machine's it
// limits the size of the files of the process instead, to what they have.
func (d *disk) fill(pid int) (free func() error, err error) {
	if !d.mounted {
		return limitFiles(pid, filepath.Join(d.dir, "carillon.db-wal"))
	}
	name := filepath.Join(d.dir, "ballast")
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // what it holds is of no use
	for piece := bytes.Repeat([]byte{1}, 64<<10); err == nil; {
		_, err = f.Write(piece)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		return nil, errors.Join(err, os.Remove(name))
	}
	return func() error { return os.Remove(name) }, nil
}

// limitFiles keeps a process from writing beyond the size that a file has now, in any file.
func limitFiles(pid int, file string) (free func() error, err error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	var before syscall.Rlimit
	if err := prlimit(pid, nil, &before); err != nil {
		return nil, fmt.Errorf("limit the size of files: %w", err)
	}
	tight := before
	tight.Cur = uint64(info.Size())
	if err := prlimit(pid, &tight, nil); err != nil {
		return nil, fmt.Errorf("limit the size of files: %w", err)
	}
	return func() error {
		err := prlimit(pid, &before, nil)
		if errors.Is(err, syscall.ESRCH) {
			return nil // the process is gone, and the limit with it
		}
		return err
	}, nil
}

// prlimit sets and reads how large a file another process may write.
func prlimit(pid int, set, get *syscall.Rlimit) error {
	_, _, errno := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(pid), syscall.RLIMIT_FSIZE,
		uintptr(unsafe.Pointer(set)), uintptr(unsafe.Pointer(get)), 0, 0) // #nosec G103 -- as package syscall does
	if errno != 0 {
		return errno
	}
	return nil
}
