package manifest

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/nearest"
)

// paramsField is the field of a task that errors about its parameters name.
const paramsField = "params"

// CheckTask returns an error, which names the task's field plugin.task, when the package has no task of that name.
func (m *Manifest) CheckTask(task string) error {
	if _, known := m.Tasks[task]; known {
		return nil
	}
	return core.Broken("plugin.task", "is not in %s; did you mean %s?", m.Name+"@"+m.Version,
		nearest.Name(task, slices.Sorted(maps.Keys(m.Tasks))))
}

// Arguments makes the JSON object that a run of a task is given of the task's parameters, which are text: each becomes
// what its schema says, an integer, number, boolean, null, array or object written as JSON, or stays text. A parameter
// without a text counts as not given, unless it may be text; those not given have the schema's default. Without a schema
// all stay text. The error is a *core.Error about params that names the parameter and what would be right.
//
// The manifest must have been validated, as Parse and FromJSON do.
func (m *Manifest) Arguments(task string, params []core.Param) (json.RawMessage, error) {
	if err := m.CheckTask(task); err != nil {
		return nil, err
	}
	schema := m.schemas[task]
	args := make(map[string]any, len(params))
	for _, p := range params {
		if _, twice := args[p.Key]; twice {
			return nil, core.Broken(paramsField, "%s is given twice", p.Key)
		}
		if value, given := typed(property(schema, p.Key), p.Value); given {
			args[p.Key] = value
		}
	}
	if schema != nil {
		for name, property := range schema.Properties {
			if value := defaultOf(property); value != nil {
				if _, given := args[name]; !given {
					args[name] = *value
				}
			}
		}
		if err := schema.Validate(args); err != nil {
			return nil, unfit(schema, err)
		}
	}
	return json.Marshal(args)
}

// property is the schema of one parameter; nil when there is none.
func property(schema *jsonschema.Schema, name string) *jsonschema.Schema {
	if schema == nil {
		return nil
	}
	if p, ok := schema.Properties[name]; ok {
		return p
	}
	for pattern, p := range schema.PatternProperties {
		if pattern.MatchString(name) {
			return p
		}
	}
	p, _ := schema.AdditionalProperties.(*jsonschema.Schema)
	return p
}

func defaultOf(schema *jsonschema.Schema) *any {
	for range maxDepth {
		if schema == nil || schema.Default != nil {
			break
		}
		schema = schema.Ref
	}
	if schema == nil {
		return nil
	}
	return schema.Default
}

// typed reads text as what schema says; not given, when it is empty and may not be text.
func typed(schema *jsonschema.Schema, text string) (value any, given bool) {
	types := typesOf(schema, 0)
	isText := len(types) == 0 || slices.Contains(types, "string")
	if text == "" {
		return text, isText
	}
	for _, want := range types {
		if want == "string" {
			continue
		}
		// A text that may be several things is the first that fits its schema: "5" is a number where it may be one.
		if read, ok := read(want, text); ok && (!isText || schema.Validate(read) == nil) {
			return read, true
		}
	}
	return text, true // where it may not be text, validation says what it must be
}

func read(want, text string) (any, bool) {
	if want == "boolean" { // ScheduleMaster's clients write True
		switch strings.ToLower(strings.TrimSpace(text)) {
		case "true":
			return true, true
		case "false":
			return false, true
		}
		return nil, false
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(text)))
	if err != nil {
		return nil, false
	}
	switch value.(type) {
	case nil:
		return value, want == "null"
	case json.Number:
		return value, want == "integer" || want == "number"
	case []any:
		return value, want == "array"
	case map[string]any:
		return value, want == "object"
	}
	return nil, false
}

// maxDepth is how far references are followed to find out a parameter's type: they may go in a circle.
const maxDepth = 16

// typesOf is which types a value may have, as far as a schema says; none when it does not say.
func typesOf(schema *jsonschema.Schema, depth int) []string {
	switch {
	case schema == nil || depth > maxDepth:
		return nil
	case schema.Types != nil:
		return schema.Types.ToStrings()
	case schema.Const != nil:
		return []string{nameOf(*schema.Const)}
	case schema.Enum != nil:
		return distinct(schema.Enum.Values, nameOf)
	case schema.Ref != nil:
		return typesOf(schema.Ref, depth+1)
	}
	for _, all := range schema.AllOf {
		if types := typesOf(all, depth+1); len(types) > 0 {
			return types
		}
	}
	var types []string
	for _, one := range slices.Concat(schema.AnyOf, schema.OneOf) {
		types = append(types, typesOf(one, depth+1)...)
	}
	return distinct(types, func(s string) string { return s })
}

func nameOf(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	}
	return "number"
}

func distinct[T any](values []T, name func(T) string) []string {
	var names []string
	for _, v := range values {
		if n := name(v); !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return names
}
