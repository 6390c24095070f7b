package core

import (
	"regexp"
	"time"
)

// PluginCall names a task inside a plugin package and says how it is run. Its parameters are the task's own.
type PluginCall struct {
	Package string `json:"package"`
	Task    string `json:"task"`
	// Version pins a version of the package. Empty follows the latest.
	Version string `json:"version,omitempty"`
	// Timeout bounds a run from its start to its result. Zero does not bound it.
	Timeout time.Duration `json:"timeout,omitempty"`
	// Isolated has each run in a process of its own, instead of one that is kept for many.
	Isolated bool `json:"isolated,omitempty"`
}

// The limits of a plugin call.
const (
	MaxPluginName    = 200 // characters of a package's and a task's name
	MaxPluginVersion = 100
	// MaxPluginResult is how much of a plugin's result is kept for its children, in bytes. More fails the run.
	MaxPluginResult = 1 << 20
)

// The policies of Assembly_ImagePullPolicy.
const (
	PullAlways       = "Always"       // a run has the version that is the latest when it is sent
	PullIfNotPresent = "IfNotPresent" // a worker goes on with the latest version that it has
)

// pluginVersion is a version after semver.org 2.0.0, without a leading v.
var pluginVersion = regexp.MustCompile(`^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$`)

func (c *PluginCall) validate() error {
	if err := checkText("plugin.package", c.Package, 1, MaxPluginName); err != nil {
		return err
	}
	if err := checkText("plugin.task", c.Task, 1, MaxPluginName); err != nil {
		return err
	}
	if len(c.Version) > MaxPluginVersion || c.Version != "" && !pluginVersion.MatchString(c.Version) {
		return Malformed("plugin.version", "must be a version such as 1.2.3, or empty to follow the latest")
	}
	if c.Timeout < 0 || c.Timeout > MaxTimeout {
		return Broken("plugin.timeout", "must be from 0 (unbounded) to %s", MaxTimeout)
	}
	return nil
}
