package v1

import (
	"maps"
	"slices"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/manage"
	"github.com/carillonhq/carillon/plugins/manifest"
)

// PluginCall names a task inside a plugin package and says how it is run.
type PluginCall struct {
	Package  string   `json:"package"`
	Task     string   `json:"task"`
	Version  string   `json:"version,omitempty"`
	Timeout  Duration `json:"timeout,omitempty"`
	Isolated bool     `json:"isolated,omitempty"`
}

func pluginCallOf(c *core.PluginCall) *PluginCall {
	if c == nil {
		return nil
	}
	return &PluginCall{c.Package, c.Task, c.Version, durationOf(c.Timeout), c.Isolated}
}

func (c *PluginCall) core(v *values) *core.PluginCall {
	if c == nil {
		return nil
	}
	return &core.PluginCall{
		Package: c.Package, Task: c.Task, Version: c.Version, Timeout: v.duration("plugin.timeout", c.Timeout), Isolated: c.Isolated,
	}
}

// PluginItem is a plugin package in a list.
type PluginItem struct {
	Package  string        `json:"package"`
	Latest   PluginVersion `json:"latest"`
	Versions int           `json:"versions"`
}

// Plugin is a plugin package with its versions, the highest first, and the first of the tasks that use it.
type Plugin struct {
	Package   string          `json:"package"`
	Latest    PluginVersion   `json:"latest"`
	Versions  []PluginVersion `json:"versions"`
	UsedBy    []PluginUser    `json:"usedBy"`
	TaskCount int64           `json:"taskCount"`
}

// PluginUser is a task that uses a plugin package. Version is the one that it pins; absent when it follows the latest.
type PluginUser struct {
	TaskID  string `json:"taskId"`
	Title   string `json:"title"`
	State   string `json:"state"`
	Version string `json:"version,omitempty"`
}

// PluginVersion is one version of a plugin package. The fields from Description on are of its manifest and absent in lists.
type PluginVersion struct {
	Package        string  `json:"package"`
	Version        string  `json:"version"`
	Digest         string  `json:"digest"`
	Size           int64   `json:"size"`
	Signed         bool    `json:"signed"`
	UploadedBy     int64   `json:"uploadedBy"`
	UploadedByName string  `json:"uploadedByName"`
	UploadedAt     Instant `json:"uploadedAt"`

	Description string        `json:"description,omitempty"`
	Platforms   []string      `json:"platforms,omitempty"`
	Tasks       []PluginTask  `json:"tasks,omitempty"`
	Limits      *PluginLimits `json:"limits,omitempty"`
	Concurrency int           `json:"concurrency,omitempty"`
	// Existed says of an upload that the same package was there already.
	Existed bool `json:"existed,omitempty"`
}

// PluginTask is a task inside a plugin package. Parameters is the JSON Schema of its parameters; absent when it takes any.
type PluginTask struct {
	Name        string         `json:"name"`
	Title       string         `json:"title,omitempty"`
	Description string         `json:"description,omitempty"`
	Parameters  map[string]any `json:"parameters,omitempty"`
}

// PluginLimits are what a process of the package may use, in bytes, seconds and numbers; absent leaves it to the worker.
type PluginLimits struct {
	Memory       int64 `json:"memory,omitempty"`
	AddressSpace int64 `json:"addressSpace,omitempty"`
	CPUSeconds   int   `json:"cpuSeconds,omitempty"`
	OpenFiles    int   `json:"openFiles,omitempty"`
	Processes    int   `json:"processes,omitempty"`
}

func pluginItemOf(p manage.Plugin) PluginItem {
	return PluginItem{p.Package, pluginVersionOf(p.Latest, nil), len(p.Versions)}
}

func pluginOf(d *manage.PluginDetails) Plugin {
	p := Plugin{
		Package: d.Package, Latest: pluginVersionOf(d.Latest, d.Manifest), Versions: []PluginVersion{}, UsedBy: []PluginUser{}, TaskCount: d.TaskCount,
	}
	for _, v := range d.Versions {
		p.Versions = append(p.Versions, pluginVersionOf(v, nil))
	}
	for _, t := range d.Tasks {
		p.UsedBy = append(p.UsedBy, PluginUser{t.TaskID, t.Title, string(t.State), t.Version})
	}
	return p
}

// pluginVersionOf gives a version as the API shows it; m is nil where its manifest is left out.
func pluginVersionOf(v *core.PluginVersion, m *manifest.Manifest) PluginVersion {
	out := PluginVersion{
		Package: v.Package, Version: v.Version, Digest: v.Digest, Size: v.Size, Signed: v.Signed,
		UploadedBy: v.UploadedBy, UploadedByName: v.UploadedByName, UploadedAt: instantOf(v.UploadedAt),
	}
	if m == nil {
		return out
	}
	out.Description, out.Concurrency = m.Description, m.Concurrency
	out.Platforms = slices.Sorted(maps.Keys(m.Executables))
	if l := m.Limits; l != (manifest.Limits{}) {
		out.Limits = &PluginLimits{int64(l.Memory), int64(l.AddressSpace), l.CPUSeconds, l.OpenFiles, l.Processes}
	}
	for _, name := range slices.Sorted(maps.Keys(m.Tasks)) {
		t := m.Tasks[name]
		out.Tasks = append(out.Tasks, PluginTask{name, t.Title, t.Description, t.Parameters})
	}
	return out
}
