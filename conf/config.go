// Package conf holds what an operator may configure: the keys with their defaults and rules, and how they are read.
//
// A value is looked for in this order, the first one found wins: a command line flag (--http-addr), an environment
// variable (CARILLON_HTTP_ADDR), the YAML file named by --config or CARILLON_CONFIG (http_addr), the default. The names
// ScheduleMaster's operators know (--identity, --workerof, SMCORE_WORKEROF, SMCORE_AUTOR) go on working. carillon.yaml
// beside this file is the documented sample; its values equal the defaults.
package conf

import (
	"crypto/ed25519"
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

	// GRPCTLSCert and GRPCTLSKey are what a master shows to workers, and GRPCTLSCA the authorities that workers' certificates
	// must come from: paths of PEM files. Without the first two nothing is encrypted, without the last no worker is asked.
	GRPCTLSCert string
	GRPCTLSKey  string
	GRPCTLSCA   string

	// Data is the directory of the SQLite file and the plugin cache.
	Data string
	// Database names the database, as a URL or an ADO.NET connection string; empty means the SQLite file in Data. It may
	// hold a password. DatabaseTarget reads it.
	Database Secret
	// DatabaseProvider is the kind of an ADO.NET connection string: mysql, postgresql or sqlserver; empty leaves it to the string.
	DatabaseProvider string
	// DatabaseMaxOpen is how many connections to a database server may be open at most; 0 means what the connection string
	// says, or DefaultDatabaseMaxOpen.
	DatabaseMaxOpen int
	// DatabaseTimeout is how long a statement on a database server may take; 0 means what the connection string says, or
	// DefaultDatabaseTimeout.
	DatabaseTimeout time.Duration
	// DatabaseIdleTimeout is how long a database server lets a transaction stand in which nothing happens.
	DatabaseIdleTimeout time.Duration

	// Batches says how much a master does in one transaction at most.
	Batches core.Batches

	// Name identifies this node in the cluster; Load replaces an empty one by the host name.
	Name string
	// Masters are the masters a worker dials, HOST:PORT each.
	Masters []string
	// MasterTLS has a worker dial masters by TLS. MasterCA are the authorities that their certificates must come from, in
	// place of the system's, and means TLS too. MasterCert and MasterKey are what the worker shows.
	MasterTLS  bool
	MasterCA   string
	MasterCert string
	MasterKey  string
	// Priority is the worker's weight among the others.
	Priority int
	// MaxC is the worker's number of slots: how many runs it does at once.
	MaxC int
	// Labels name the queues the worker serves beside the default one and its own.
	Labels []string
	// AutoRegister lets a worker take runs as soon as it has joined; without it an administrator enables it first.
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
	// SecureCookies has browsers send the sessions of the pages by HTTPS only. Without it they do where a request came so, or
	// says by X-Forwarded-Proto that it did.
	SecureCookies bool

	// TimeZone is the zone of times and schedules that name none.
	TimeZone *time.Location
	// DrainTimeout is how long a clean stop waits for started runs.
	DrainTimeout time.Duration

	// OutboundAllow narrows the addresses that callbacks may dial; empty means every address that is not denied.
	OutboundAllow []netip.Prefix
	// OutboundDeny are the addresses that callbacks may never dial; it wins over OutboundAllow.
	OutboundDeny []netip.Prefix

	// PluginMaxSize is how large a plugin package may be that a master or a worker takes, in bytes.
	PluginMaxSize int64
	// PluginKeys are those by one of which a plugin package must be signed; with none, unsigned ones are taken.
	PluginKeys []ed25519.PublicKey

	// Plugins has the worker run plugins. The rest concerns only workers that do.
	Plugins bool
	// PluginUser is whom plugins run as, by name or number; empty means who runs the worker.
	PluginUser string
	// PluginMemory, PluginCPUTime, PluginOpenFiles and PluginProcesses are what one plugin process may have at most, the
	// first and the last together with all that it starts. Zero is no limit.
	PluginMemory    int64
	PluginCPUTime   time.Duration
	PluginOpenFiles int
	PluginProcesses int
	// PluginCacheSize is how many bytes of packages the worker keeps on disk.
	PluginCacheSize int64
	// PluginStartTimeout is how long a plugin may take to start, PluginGrace how long a run that was cancelled may take to
	// end and a process to tear its tasks down, and PluginIdle how long a process without runs is kept.
	PluginStartTimeout time.Duration
	PluginGrace        time.Duration
	PluginIdle         time.Duration
	// PluginMaxRuns is how many runs a process has before another takes its place, and PluginMaxStarted how many there are
	// at once.
	PluginMaxRuns    int
	PluginMaxStarted int
}

// Default returns the configuration of a process that was told nothing.
func Default() Config {
	return Config{
		HTTPAddr:            ":30000",
		GRPCAddr:            ":30010",
		Data:                "./data",
		Batches:             core.DefaultBatches(),
		DatabaseIdleTimeout: 3 * time.Second,
		Priority:            core.DefaultWeight,
		MaxC:                core.DefaultSlots,
		AutoRegister:        true,
		LogLevel:            slog.LevelInfo,
		LogFormat:           "text",
		Metrics:             true,
		TimeZone:            time.Local,
		DrainTimeout:        30 * time.Second,
		OutboundDeny: []netip.Prefix{
			netip.MustParsePrefix("169.254.0.0/16"),     // link-local, and the metadata service of most clouds
			netip.MustParsePrefix("fe80::/10"),          // link-local
			netip.MustParsePrefix("fd00:ec2::254/128"),  // AWS metadata
			netip.MustParsePrefix("fd20:ce::254/128"),   // Google Cloud metadata
			netip.MustParsePrefix("100.100.100.200/32"), // Alibaba Cloud metadata
			netip.MustParsePrefix("168.63.129.16/32"),   // Azure's host agent
		},
		PluginMaxSize: 256 << 20,

		PluginMemory:       1 << 30,
		PluginOpenFiles:    4096,
		PluginProcesses:    1024,
		PluginCacheSize:    2 << 30,
		PluginStartTimeout: 30 * time.Second,
		PluginGrace:        5 * time.Second,
		PluginIdle:         5 * time.Minute,
		PluginMaxRuns:      10_000,
		PluginMaxStarted:   100,
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
