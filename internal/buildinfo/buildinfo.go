// Package buildinfo says which Carillon this binary is.
package buildinfo

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is set by the linker only: -ldflags "-X github.com/carillonhq/carillon/internal/buildinfo.version=v1.2.3".
var version string

// Info describes the binary.
type Info struct {
	// Version is what the build was named, else the module's version, else "devel".
	Version string
	// Commit is the revision it was built from, with "-dirty" when files were changed since; "unknown" when the build
	// did not record it.
	Commit string
	// Go is the version of the Go toolchain, such as "go1.26.8".
	Go string
	// Platform is the operating system and the processor, such as "linux/amd64".
	Platform string
}

// Get returns what is known of the running binary.
func Get() Info {
	info, _ := debug.ReadBuildInfo()
	return describe(version, info)
}

// describe fills an Info from what the linker and the compiler recorded; info is nil when the compiler recorded nothing.
func describe(version string, info *debug.BuildInfo) Info {
	if info == nil {
		info = &debug.BuildInfo{}
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	module := info.Main.Version
	if module == "(devel)" {
		module = ""
	}
	commit := cmp.Or(settings["vcs.revision"], "unknown")
	if settings["vcs.modified"] == "true" {
		commit += "-dirty"
	}
	return Info{
		Version:  cmp.Or(version, module, "devel"),
		Commit:   commit,
		Go:       cmp.Or(info.GoVersion, runtime.Version()),
		Platform: runtime.GOOS + "/" + runtime.GOARCH,
	}
}

// String is one line for people: "carillon v1.2.3 (commit abc, go1.26.8, linux/amd64)".
func (i Info) String() string {
	return fmt.Sprintf("carillon %s (commit %s, %s, %s)", i.Version, i.Commit, i.Go, i.Platform)
}
