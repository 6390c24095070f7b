// Package conf holds what an operator may configure: the keys with their defaults and rules, and how they are read.
//
// A value is looked for in this order, the first one found wins: a command line flag (--http-addr), an environment
// variable (CARILLON_HTTP_ADDR), the YAML file named by --config or CARILLON_CONFIG (http_addr), the default. The names
// ScheduleMaster's operators know (--identity, --workerof, SMCORE_WORKEROF, SMCORE_AUTOR) go on working. carillon.yaml
// beside this file is the documented sample; its values equal the defaults.
package conf

import (
	"log/slog"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/carillonhq/carillon/core"
)

// Config is the configuration of one process. Default gives one that is ready to use; Load fills one from the flags,
// the environment and the file. The rules of each field stand in keys, which is the only list of them.
type Config struct {
	// HTTPAddr is where a master serves the API, the pages, /health, /ready and /metrics.
	HTTPAddr string
	// GRPCAddr is where a master waits for workers.
	GRPCAddr string

	// Data is the directory of the SQLite file and the plugin cache.
	Data string
	// Database names the database server; empty means the SQLite file in Data. It may hold a password.
	Database Secret

	// Name identifies this node in the cluster; Load replaces an empty one by the host name.
	Name string
	// Masters are the masters a worker dials, HOST:PORT each.
	Masters []string
	// Priority is the worker's weight among the others.
	Priority int
	// MaxC is the worker's number of slots: how many runs it does at once.
	MaxC int
	// Labels name the queues the worker serves beside the default one and its own.
	Labels []string
	// AutoRegister lets a worker enter itself among the nodes; without it an administrator adds the node first.
	AutoRegister bool
	// JoinToken proves to a master that a worker belongs to it; empty means the one stored at a master's first start.
	JoinToken Secret
	// AdminPassword is the first password of admin, used only while admin does not exist.
	AdminPassword Secret

	// LogLevel is the least important level that is logged.
	LogLevel slog.Level
	// LogFormat is "text" or "json".
	LogFormat string
	// Metrics says whether /metrics is served.
	Metrics bool

	// TimeZone is the zone of times and schedules that name none.
	TimeZone *time.Location
	// DrainTimeout is how long a clean stop waits for started runs.
	DrainTimeout time.Duration

	// OutboundAllow narrows the addresses that callbacks may dial; empty means every address that is not denied.
	OutboundAllow []netip.Prefix
	// OutboundDeny are the addresses that callbacks may never dial; it wins over OutboundAllow.
	OutboundDeny []netip.Prefix
}

// Default returns the configuration of a process that was told nothing.
func Default() Config {
	return Config{
		HTTPAddr:     ":30000",
		GRPCAddr:     ":30010",
		Data:         "./data",
		Priority:     core.DefaultWeight,
		MaxC:         core.DefaultSlots,
		AutoRegister: true,
		LogLevel:     slog.LevelInfo,
		LogFormat:    "text",
		Metrics:      true,
		TimeZone:     time.Local,
		DrainTimeout: 30 * time.Second,
		OutboundDeny: []netip.Prefix{
			netip.MustParsePrefix("169.254.0.0/16"),     // link-local, and the metadata service of most clouds
			netip.MustParsePrefix("fe80::/10"),          // link-local
			netip.MustParsePrefix("fd00:ec2::254/128"),  // AWS metadata
			netip.MustParsePrefix("fd20:ce::254/128"),   // Google Cloud metadata
			netip.MustParsePrefix("100.100.100.200/32"), // Alibaba Cloud metadata
			netip.MustParsePrefix("168.63.129.16/32"),   // Azure's host agent
		},
	}
}

// withHostName fills an empty Name with the name of the machine.
func (c *Config) withHostName() error {
	if c.Name != "" {
		return nil
	}
	host, err := os.Hostname()
	if err != nil {
		return &Error{Key: "name", Want: "must be given, because the host name cannot be read: " + err.Error()}
	}
	c.Name = host
	return nil
}

// String lists every key with its value in the order of the sample file; secrets are redacted.
func (c Config) String() string {
	var b strings.Builder
	for i, k := range c.keys() {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(k.name + "=" + k.value.text())
	}
	return b.String()
}

// GoString is String, so that no way of printing a Config shows a secret.
func (c Config) GoString() string { return c.String() }

// LogValue groups every key with its value; secrets are redacted.
func (c Config) LogValue() slog.Value {
	keys := c.keys()
	attrs := make([]slog.Attr, len(keys))
	for i, k := range keys {
		attrs[i] = slog.String(k.name, k.value.text())
	}
	return slog.GroupValue(attrs...)
}
