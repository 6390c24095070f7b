//go:build !linux

package chaos

import "errors"

// disk is what SQLite's folder is on.
type disk struct{}

func (*disk) mount(string) error { return nil }

func (*disk) unmount() error { return nil }

func (*disk) fill(int) (func() error, error) {
	return nil, errors.New("a full disk can be had on Linux only")
}
