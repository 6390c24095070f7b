package ui

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// schemaRow is one property of a JSON Schema as people read it. Nested ones have their path as the name.
type schemaRow struct {
	Name, Type, Description string
	Required                bool
	Default                 string // JSON; empty when there is none
	Rules                   []string
}

// schemaDepth is how deep properties within properties are listed.
const schemaDepth = 4

// schemaRows lists the properties of the schema of an object by name, those that are required first. open says that it
// takes others too.
func schemaRows(schema map[string]any) (rows []schemaRow, open bool) {
	collectSchema(&rows, "", schema, schemaDepth)
	closed, said := schema["additionalProperties"].(bool)
	return rows, !said || closed
}

func collectSchema(rows *[]schemaRow, path string, schema map[string]any, depth int) {
	properties, _ := schema["properties"].(map[string]any)
	required := map[string]bool{}
	if names, ok := schema["required"].([]any); ok {
		for _, name := range names {
			required[fmt.Sprint(name)] = true
		}
	}
	names := slices.SortedFunc(maps.Keys(properties), func(a, b string) int {
		if required[a] != required[b] {
			if required[a] {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
	for _, name := range names {
		of, _ := properties[name].(map[string]any) // a schema may be true, which says nothing
		*rows = append(*rows, newSchemaRow(path+name, of, required[name]))
		if depth > 1 {
			collectSchema(rows, path+name+".", of, depth-1)
			if items, ok := of["items"].(map[string]any); ok {
				collectSchema(rows, path+name+"[].", items, depth-1)
			}
		}
	}
}

func newSchemaRow(name string, of map[string]any, required bool) schemaRow {
	row := schemaRow{Name: name, Type: schemaType(of), Required: required}
	row.Description, _ = of["description"].(string)
	if title, ok := of["title"].(string); ok && row.Description == "" {
		row.Description = title
	}
	if value, ok := of["default"]; ok {
		row.Default = jsonText(value)
	}
	// Said as the schema says it: the words are those of JSON Schema, which who writes parameters knows.
	for _, rule := range []struct{ key, sign string }{
		{"const", "= "}, {"minimum", "≥ "}, {"exclusiveMinimum", "> "}, {"maximum", "≤ "}, {"exclusiveMaximum", "< "},
		{"multipleOf", "multipleOf "}, {"minLength", "minLength "}, {"maxLength", "maxLength "}, {"pattern", "pattern "},
		{"format", "format "}, {"minItems", "minItems "}, {"maxItems", "maxItems "},
	} {
		if value, ok := of[rule.key]; ok {
			text := jsonText(value)
			if s, ok := value.(string); ok && rule.key != "const" {
				text = s
			}
			row.Rules = append(row.Rules, rule.sign+text)
		}
	}
	if choices, ok := of["enum"].([]any); ok {
		texts := make([]string, len(choices))
		for i, choice := range choices {
			texts[i] = jsonText(choice)
		}
		row.Rules = append(row.Rules, strings.Join(texts, " | "))
	}
	return row
}

// schemaType names the type of a schema.
func schemaType(of map[string]any) string {
	name := ""
	switch t := of["type"].(type) {
	case string:
		name = t
	case []any:
		var names []string
		for _, one := range t {
			names = append(names, fmt.Sprint(one))
		}
		name = strings.Join(names, " | ")
	}
	if items, ok := of["items"].(map[string]any); ok && name == "array" {
		if inner := schemaType(items); inner != "" {
			return inner + "[]"
		}
	}
	return name
}

func jsonText(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(text)
}
