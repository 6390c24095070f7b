package host

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/plugins/manifest"
	"github.com/carillonhq/carillon/plugins/pack"
)

// SupervisorCommand is the hidden subcommand of carillon that runs supervise.Main.
const SupervisorCommand = "plugin-supervisor"

// ErrRefused is what an error of Options.Fetch wraps when asking again would not help.
var ErrRefused = errors.New("refused")

// Options are a Host's settings.
type Options struct {
	// Dir is the host's own directory, which it makes: cached packages, the directories of processes. Required. No two
	// hosts may have the same at once.
	Dir string
	// Fetch gives a piece of a package file, by its number from 0. Required. It is asked again, after a pause, when it
	// fails with anything but ErrRefused.
	Fetch func(ctx context.Context, digest string, number int) (Chunk, error)
	// Logger defaults to one that discards.
	Logger *slog.Logger

	// Limits are the most that a process may use; a package may ask for less. A zero field defaults to DefaultLimits's, a
	// negative one is no limit.
	Limits manifest.Limits
	// User is whom plugins run as, by name or number. Only root can say so. Defaults to who runs the worker.
	User string
	// Keys are those by one of which a package must be signed. With none, any package runs.
	Keys []ed25519.PublicKey

	// CacheSize is how many bytes of packages are kept on disk, packed and unpacked. Packages in use are kept whatever it
	// is. Defaults to 2 GiB.
	CacheSize int64
	// Package bounds what a package may be; zero fields default to package pack's.
	Package pack.Limits
	// FetchPatience is how long a fetch goes on without getting anything. Defaults to 1 minute.
	FetchPatience time.Duration

	// StartTimeout is how long a process may take until it has shaken hands. Defaults to 30 seconds.
	StartTimeout time.Duration
	// Grace is how long a run may take to end after it was cancelled, before its process is killed; and how long a process
	// may take to tear its tasks down when it is no longer needed. Defaults to 5 seconds.
	Grace time.Duration
	// IdleTime is how long a process without runs is kept. Defaults to 5 minutes.
	IdleTime time.Duration
	// MaxRuns is how many runs a process has before another takes its place. Defaults to 10,000.
	MaxRuns int
	// MaxProcesses is how many processes there are at most; runs wait for one of them to end. Defaults to 100.
	MaxProcesses int

	// Unsupervised lets plugins run on systems other than Linux, where nothing supervises or limits them: for trying one's
	// own. Without it New refuses to there.
	Unsupervised bool

	// Supervisor is the command that runs supervise.Main. Defaults to this executable, as it was when it was started, with
	// SupervisorCommand.
	Supervisor []string
}

// DefaultLimits are what a process may use when Options.Limits does not say.
func DefaultLimits() manifest.Limits {
	return manifest.Limits{Memory: 1 << 30, OpenFiles: 4096, Processes: 1024}
}

func (o Options) withDefaults() (Options, error) {
	if o.Dir == "" {
		return o, core.Broken("dir", "must be a directory")
	}
	if o.Fetch == nil {
		return o, errors.New("host: Fetch is required")
	}
	var err error
	if o.Dir, err = filepath.Abs(o.Dir); err != nil {
		return o, fmt.Errorf("find the directory of plugins: %w", err)
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.Limits = bounded(o.Limits, DefaultLimits())
	o.CacheSize = cmp.Or(o.CacheSize, 2<<30)
	o.FetchPatience = cmp.Or(o.FetchPatience, time.Minute)
	o.StartTimeout = cmp.Or(o.StartTimeout, 30*time.Second)
	o.Grace = cmp.Or(o.Grace, 5*time.Second)
	o.IdleTime = cmp.Or(o.IdleTime, 5*time.Minute)
	o.MaxRuns = cmp.Or(o.MaxRuns, 10_000)
	o.MaxProcesses = cmp.Or(o.MaxProcesses, 100)
	for name, value := range map[string]int64{
		"cacheSize": o.CacheSize, "fetchPatience": int64(o.FetchPatience), "startTimeout": int64(o.StartTimeout),
		"grace": int64(o.Grace), "idleTime": int64(o.IdleTime), "maxRuns": int64(o.MaxRuns), "maxProcesses": int64(o.MaxProcesses),
	} {
		if value < 0 {
			return o, core.Broken(name, "must be more than 0, or 0 for the default")
		}
	}
	return o, nil
}

// refuse is why there is no host on a system that does not supervise plugins; nil where it does, or need not.
func (o Options) refuse(supervised bool) error {
	if supervised || o.Unsupervised {
		return nil
	}
	return errors.New("workers run plugins on Linux only, where these are supervised, limited and ended with the worker: `carillon plugin run` tries one here")
}

// bounded takes the worker's limits where it names some, and otherwise those of byDefault. What is negative is no limit: 0.
func bounded(own, byDefault manifest.Limits) manifest.Limits {
	return manifest.Limits{
		Memory:       max(0, cmp.Or(own.Memory, byDefault.Memory)),
		AddressSpace: max(0, cmp.Or(own.AddressSpace, byDefault.AddressSpace)),
		CPUSeconds:   max(0, cmp.Or(own.CPUSeconds, byDefault.CPUSeconds)),
		OpenFiles:    max(0, cmp.Or(own.OpenFiles, byDefault.OpenFiles)),
		Processes:    max(0, cmp.Or(own.Processes, byDefault.Processes)),
	}
}

// least gives what a process may use: what its package asks for, and never more than the worker allows, where 0 is no limit.
func least(asked, allowed manifest.Limits) manifest.Limits {
	return manifest.Limits{
		Memory:       lesser(asked.Memory, allowed.Memory),
		AddressSpace: lesser(asked.AddressSpace, allowed.AddressSpace),
		CPUSeconds:   lesser(asked.CPUSeconds, allowed.CPUSeconds),
		OpenFiles:    lesser(asked.OpenFiles, allowed.OpenFiles),
		Processes:    lesser(asked.Processes, allowed.Processes),
	}
}

func lesser[T ~int | ~int64](asked, allowed T) T {
	if asked == 0 || allowed != 0 && allowed < asked {
		return allowed
	}
	return asked
}
