// Package manifest knows the description that a plugin package carries, plugin.yaml: what the package is called, which
// tasks it has, which parameters they take, and which executable runs where.
package manifest

import "github.com/santhosh-tekuri/jsonschema/v6"

// Name is the manifest's file in a package.
const Name = "plugin.yaml"

// Manifest describes one version of a package.
type Manifest struct {
	Name        string `yaml:"name" json:"name"`
	Version     string `yaml:"version" json:"version"` // after semver.org 2.0.0
	Description string `yaml:"description,omitempty" json:"description,omitempty"`
	// Executables are the files to start, by the platform they are built for: "linux/amd64", or "any" for a script.
	Executables map[string]string `yaml:"executables" json:"executables"`
	Tasks       map[string]Task   `yaml:"tasks" json:"tasks"`
	Limits      Limits            `yaml:"limits,omitempty" json:"limits,omitzero"`
	// Concurrency is how many runs one process may have under way at once; more get another process. 0 is unbounded.
	Concurrency int `yaml:"concurrency,omitempty" json:"concurrency,omitempty"`

	// schemas are those of the tasks' parameters, made ready by Validate; nil for a task that takes any.
	schemas map[string]*jsonschema.Schema
}

// Task is one task of a package.
type Task struct {
	Title       string `yaml:"title,omitempty" json:"title,omitempty"`
	Description string `yaml:"description,omitempty" json:"description,omitempty"`
	// Parameters is a JSON Schema (2020-12) of the object that the run's parameters make. None takes any.
	Parameters map[string]any `yaml:"parameters,omitempty" json:"parameters,omitempty"`
}

// Limits are what a process of the package may use. Zero leaves the worker's own limit; a worker never allows more.
type Limits struct {
	Memory       Bytes `yaml:"memory,omitempty" json:"memory,omitempty"`             // of all its processes, resident
	AddressSpace Bytes `yaml:"addressSpace,omitempty" json:"addressSpace,omitempty"` // virtual; breaks runtimes such as Node's
	CPUSeconds   int   `yaml:"cpuSeconds,omitempty" json:"cpuSeconds,omitempty"`     // of one process
	OpenFiles    int   `yaml:"openFiles,omitempty" json:"openFiles,omitempty"`
	Processes    int   `yaml:"processes,omitempty" json:"processes,omitempty"`
}

// Bytes is a number of bytes, written as a number or with a unit: "512MiB".
type Bytes int64
