package manifest

import (
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/nearest"
)

// The limits of a manifest.
const (
	MaxTasks       = 500
	MaxDescription = 10_000 // characters
	MaxTitle       = 200    // characters
	MaxPath        = 500    // bytes
	MaxConcurrency = 10_000
)

// Validate checks every field and readies the schemas for Arguments. Its error is a *core.Error that names the field.
func (m *Manifest) Validate() error {
	if err := m.validateNames(); err != nil {
		return err
	}
	if err := m.validateExecutables(); err != nil {
		return err
	}
	if len(m.Tasks) == 0 || len(m.Tasks) > MaxTasks {
		return core.Broken("tasks", "has %d; a package has from 1 to %d", len(m.Tasks), MaxTasks)
	}
	schemas := make(map[string]*jsonschema.Schema, len(m.Tasks))
	for _, name := range slices.Sorted(maps.Keys(m.Tasks)) {
		task := m.Tasks[name]
		if err := task.validate("tasks."+name, name); err != nil {
			return err
		}
		schema, err := compile("tasks."+name+".parameters", task.Parameters)
		if err != nil {
			return err
		}
		schemas[name] = schema
	}
	m.schemas = schemas
	return m.validateLimits()
}

func (m *Manifest) validateNames() error {
	if m.Name == "" || utf8.RuneCountInString(m.Name) > core.MaxPluginName || !isName(m.Name) {
		return core.Broken("name", "must be from 1 to %d letters, digits, dots, hyphens and underscores, and begin with a letter or digit",
			core.MaxPluginName)
	}
	if len(m.Version) > core.MaxPluginVersion || !isVersion(m.Version) {
		return core.Malformed("version", "must be a version such as 1.2.3 or 1.2.3-rc.1 (semver.org), of at most %d characters",
			core.MaxPluginVersion)
	}
	if utf8.RuneCountInString(m.Description) > MaxDescription {
		return core.Broken("description", "is longer than %d characters", MaxDescription)
	}
	if m.Concurrency < 0 || m.Concurrency > MaxConcurrency {
		return core.Broken("concurrency", "must be from 0 (unbounded) to %d", MaxConcurrency)
	}
	return nil
}

// isName takes letters of every script: assemblies have such names, too.
func isName(s string) bool {
	for i, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && (i == 0 || !strings.ContainsRune(".-_", r)) {
			return false
		}
	}
	return utf8.ValidString(s)
}

func (t Task) validate(path, name string) error {
	if strings.TrimSpace(name) != name || name == "" || utf8.RuneCountInString(name) > core.MaxPluginName ||
		!utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return core.Broken(path, "must have a name of 1 to %d characters without spaces around it", core.MaxPluginName)
	}
	if utf8.RuneCountInString(t.Title) > MaxTitle {
		return core.Broken(path+".title", "is longer than %d characters", MaxTitle)
	}
	if utf8.RuneCountInString(t.Description) > MaxDescription {
		return core.Broken(path+".description", "is longer than %d characters", MaxDescription)
	}
	return nil
}

func (m *Manifest) validateExecutables() error {
	if len(m.Executables) == 0 {
		return core.Broken("executables", "must name a file for at least one platform, such as linux/amd64: bin/%s", m.Name)
	}
	for _, platform := range slices.Sorted(maps.Keys(m.Executables)) {
		known := append(Platforms(), AnyPlatform)
		if !slices.Contains(known, platform) {
			return core.Broken("executables."+platform, "is no known platform; did you mean %s?", nearest.Name(platform, known))
		}
		file := m.Executables[platform]
		switch {
		case !fs.ValidPath(file) || file == "." || strings.Contains(file, `\`) || len(file) > MaxPath:
			return core.Broken("executables."+platform, "must be the path of a file in the package, with slashes, such as bin/%s", m.Name)
		case strings.HasPrefix(platform, "windows/") && !strings.HasSuffix(strings.ToLower(file), ".exe"):
			return core.Broken("executables."+platform, "must be a file that ends in .exe")
		}
	}
	return nil
}

func (m *Manifest) validateLimits() error {
	for _, l := range []struct {
		name  string
		value int64
	}{
		{"memory", int64(m.Limits.Memory)},
		{"addressSpace", int64(m.Limits.AddressSpace)},
		{"cpuSeconds", int64(m.Limits.CPUSeconds)},
		{"openFiles", int64(m.Limits.OpenFiles)},
		{"processes", int64(m.Limits.Processes)},
	} {
		if l.value < 0 {
			return core.Broken("limits."+l.name, "must not be negative; 0 leaves it to the worker")
		}
	}
	return nil
}

func quoted(s string) string { return strconv.Quote(s) }
