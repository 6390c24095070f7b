package ui

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/plugins/manifest"
	"github.com/carillonhq/carillon/web/messages"
)

// pluginView is what of the plugin packages can be chosen.
type pluginView struct {
	Packages, Versions, Tasks []option
	// Task is what the package says of the task that is chosen; nil when it says nothing.
	Task *manifest.Task
	// Missing says that the package or the version that is chosen is not there, or has no such task.
	Missing bool
}

// parameter is one parameter of a plugin's task as a field of the form.
type parameter struct {
	formRow
	ID, Hint, Error string
	Required        bool
	// Offered says that the plugin knows it, so that its name is not to be written.
	Offered bool
	Options []option // empty for one that is written
	Input   string   // text, number or textarea
}

// plugins reads which packages, versions and tasks can be chosen, given those that are.
func (u *UI) plugins(ctx context.Context, f *form) (pluginView, error) {
	var v pluginView
	list, err := u.Manage.Plugins.List(ctx)
	if err != nil {
		return v, err
	}
	chosen, version := f.Value("plugin.package"), f.Value("plugin.version")
	v.Missing = chosen != ""
	for _, p := range list {
		v.Packages = append(v.Packages, option{p.Package, p.Package})
		if p.Package != chosen {
			continue
		}
		for _, one := range p.Versions {
			v.Versions = append(v.Versions, option{one.Version, one.Version})
		}
		v.Missing = version != "" && !slices.ContainsFunc(v.Versions, func(o option) bool { return o.Value == version })
		if !v.Missing {
			if err := u.pluginTasks(ctx, &v, chosen, cmp.Or(version, p.Latest.Version), f.Value("plugin.task")); err != nil {
				return v, err
			}
		}
	}
	// What is stored stays choosable, so that saving something else does not lose it.
	v.Packages, v.Versions, v.Tasks = among(v.Packages, chosen), among(v.Versions, version), among(v.Tasks, f.Value("plugin.task"))
	return v, nil
}

// pluginTasks reads the tasks of a version of a package.
func (u *UI) pluginTasks(ctx context.Context, v *pluginView, name, version, chosen string) error {
	_, m, err := u.Manage.Plugins.Version(ctx, name, version)
	if err != nil {
		return err
	}
	for _, task := range slices.Sorted(maps.Keys(m.Tasks)) {
		label := task
		if title := m.Tasks[task].Title; title != "" {
			label = title + " (" + task + ")"
		}
		v.Tasks = append(v.Tasks, option{task, label})
	}
	if task, ok := m.Tasks[chosen]; ok {
		v.Task = &task
	}
	v.Missing = chosen != "" && v.Task == nil
	return nil
}

// First gives options after one that chooses none of them.
func (pluginView) First(options []option, none string) []option {
	return append([]option{{"", none}}, options...)
}

// among gives options with one for a value that is not among them.
func among(options []option, value string) []option {
	if value == "" || slices.ContainsFunc(options, func(o option) bool { return o.Value == value }) {
		return options
	}
	return append(options, option{value, value})
}

// PluginFields are the fields of a plugin's call with what stands in them, for when they are not shown.
func (v *taskEditView) PluginFields() []option {
	var fields []option
	for _, name := range []string{"plugin.package", "plugin.version", "plugin.task", "plugin.timeout", "plugin.isolated"} {
		fields = append(fields, option{name, v.Form.Value(name)})
	}
	return fields
}

// Parameters are the fields of the task's parameters: those that the plugin knows, then those that it does not.
func (v *taskEditView) Parameters() []parameter {
	given := v.rows("params", ".key")
	var fields []parameter
	take := func(name string) formRow {
		i := slices.IndexFunc(given, func(r formRow) bool { return r.Name == name })
		if i < 0 {
			return formRow{Name: name, Kind: rowOffered}
		}
		row := given[i]
		given = slices.Delete(given, i, i+1)
		if row.Kind == rowPlain {
			row.Kind = rowOffered
		}
		return row
	}
	if v.Is("kind", string(core.KindPlugin)) && v.Plugin.Task != nil {
		properties, _ := v.Plugin.Task.Parameters["properties"].(map[string]any)
		required := texts(v.Plugin.Task.Parameters["required"])
		names := slices.SortedFunc(maps.Keys(properties), func(a, b string) int {
			return cmp.Or(-compareBool(slices.Contains(required, a), slices.Contains(required, b)), strings.Compare(a, b))
		})
		for _, name := range names {
			p := parameter{formRow: take(name), Required: slices.Contains(required, name), Offered: true}
			schema, _ := properties[name].(map[string]any)
			v.shape(&p, schema)
			fields = append(fields, p)
		}
	}
	for _, row := range given {
		fields = append(fields, parameter{formRow: row, Input: "textarea"})
	}
	for i := range fields {
		fields[i].ID = fmt.Sprintf("param-%d", i)
		if e := v.Form.refuse; e != nil && e.Field == "params" && len(e.Args) > 0 && e.Args[0] == fields[i].Name {
			fields[i].Error = messages.Text(v.r.lang, e.Format, e.Args...)
		}
	}
	return fields
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// shape gives a parameter the field that its schema asks for. What a field cannot say of a schema, the service checks.
func (v *taskEditView) shape(p *parameter, schema map[string]any) {
	kind, _ := schema["type"].(string)
	hint, _ := schema["description"].(string)
	if title, _ := schema["title"].(string); title != "" {
		hint = strings.TrimSpace(title + ". " + hint)
	}
	if value, ok := schema["default"]; ok {
		hint = strings.TrimSpace(hint + " " + v.r.text("Left empty: %s", asText(value)))
	}
	p.Hint, p.Input = hint, "text"
	choices, _ := schema["enum"].([]any)
	switch {
	case len(choices) > 0:
		p.Options = []option{{"", "–"}}
		for _, c := range choices {
			p.Options = append(p.Options, option{asText(c), asText(c)})
		}
		p.Options = among(p.Options, p.Value)
	case kind == "boolean":
		p.Options = among([]option{{"", "–"}, {"true", v.r.text("yes")}, {"false", v.r.text("no")}}, p.Value)
	case kind == "integer" || kind == "number":
		p.Input = "number"
		if p.Value != "" && !json.Valid([]byte(p.Value)) {
			p.Input = "text" // a field of numbers would not show what stands there
		}
	case kind == "object" || kind == "array" || kind == "":
		p.Input = "textarea"
	}
	if strings.Contains(p.Value, "\n") {
		p.Input = "textarea"
	}
}

// asText writes a value of a schema as a parameter has it: text as it is, anything else as JSON.
func asText(value any) string {
	if text, ok := value.(string); ok {
		return text
	}
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}

func texts(list any) []string {
	values, _ := list.([]any)
	var all []string
	for _, v := range values {
		if text, ok := v.(string); ok {
			all = append(all, text)
		}
	}
	return all
}
