package host

import (
	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/plugins/host/supervise"
)

func lookUp(name string) (*supervise.User, error) {
	if name != "" {
		return nil, core.Broken("user", "can be set on Linux only")
	}
	return nil, nil
}

func letThrough(*supervise.User, string) error { return nil }
