package ui

import (
	"cmp"
	"encoding/json"
	"fmt"
	"html/template"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/web/messages"
)

// apiTag is a group of operations of the API, as its document has them.
type apiTag struct {
	Name, Description string
	Operations        []apiOperation
}

// apiOperation is one operation of the API.
type apiOperation struct {
	ID, Method, Path     string
	Summary, Description string
	Role                 core.Role // the least that may call it; empty when anybody may
	Parameters           []apiParameter
	// Media is what the body has to be, Example one as JSON, Body what it is made of. Media is empty without a body.
	Media, Example string
	Body           []schemaRow
	Answers        []apiAnswer
}

type apiParameter struct {
	schemaRow
	In string // path or query
}

type apiAnswer struct{ Status, Description string }

// apiMethods are the methods of operations, in the order in which they are listed of one path.
func apiMethods() []string { return []string{"get", "post", "put", "patch", "delete"} }

// openDocument is an OpenAPI document while it is read.
type openDocument struct{ root map[string]any }

// readOpenAPI reads the operations of an OpenAPI document by tag, in the document's order.
func readOpenAPI(text []byte) ([]apiTag, error) {
	var d openDocument
	if err := yaml.Unmarshal(text, &d.root); err != nil {
		return nil, fmt.Errorf("openapi: %w", err)
	}
	var ordered struct {
		Tags  []apiTag  `yaml:"tags"`
		Paths yaml.Node `yaml:"paths"`
	}
	if err := yaml.Unmarshal(text, &ordered); err != nil {
		return nil, fmt.Errorf("openapi: %w", err)
	}
	paths := d.object(d.root["paths"])
	for i := 0; i+1 < len(ordered.Paths.Content); i += 2 {
		path := ordered.Paths.Content[i].Value
		item := d.object(paths[path])
		for _, method := range apiMethods() {
			said, ok := item[method]
			if !ok {
				continue
			}
			op := d.operation(strings.ToUpper(method), path, d.object(said), item["parameters"])
			tags, _ := d.object(said)["tags"].([]any)
			at := slices.IndexFunc(ordered.Tags, func(t apiTag) bool { return len(tags) > 0 && t.Name == tags[0] })
			if at < 0 {
				return nil, fmt.Errorf("openapi: %s %s has no tag of the document's", method, path)
			}
			ordered.Tags[at].Operations = append(ordered.Tags[at].Operations, op)
		}
	}
	return ordered.Tags, nil
}

func (d *openDocument) operation(method, path string, said map[string]any, shared any) apiOperation {
	op := apiOperation{
		ID: textOf(said["operationId"]), Method: method, Path: path, Summary: textOf(said["summary"]),
		Description: textOf(said["description"]), Role: core.Role(textOf(said["x-role"])),
	}
	for _, list := range []any{shared, said["parameters"]} {
		parameters, _ := list.([]any)
		for _, one := range parameters {
			p := d.object(one)
			row := newSchemaRow(textOf(p["name"]), d.object(d.expand(p["schema"], schemaDepth)), p["required"] == true)
			row.Description = cmp.Or(textOf(p["description"]), row.Description)
			op.Parameters = append(op.Parameters, apiParameter{row, textOf(p["in"])})
		}
	}
	content := d.object(d.object(said["requestBody"])["content"])
	for _, media := range []string{"application/json", "application/zip"} {
		if body, ok := content[media]; ok && op.Media == "" {
			op.Media = media
			schema := d.object(d.expand(d.object(body)["schema"], schemaDepth+2))
			op.Body, _ = schemaRows(schema)
			if media == "application/json" {
				example, err := json.MarshalIndent(exampleOf(schema, schemaDepth), "", "  ")
				if err == nil {
					op.Example = string(example)
				}
			}
		}
	}
	answers := d.object(said["responses"])
	for _, status := range slices.Sorted(keysOf(answers)) {
		op.Answers = append(op.Answers, apiAnswer{status, textOf(d.object(answers[status])["description"])})
	}
	return op
}

func keysOf(m map[string]any) func(func(string) bool) {
	return func(yield func(string) bool) {
		for key := range m {
			if !yield(key) {
				return
			}
		}
	}
}

// object gives a mapping, the one that it refers to when it is a reference; empty when it is none.
func (d *openDocument) object(v any) map[string]any {
	m, _ := v.(map[string]any)
	for range 10 { // references to references, and none that goes round
		ref, ok := m["$ref"].(string)
		if !ok {
			break
		}
		var at any = d.root
		for step := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
			inner, _ := at.(map[string]any)
			at = inner[step]
		}
		merged := map[string]any{}
		referred, _ := at.(map[string]any)
		for key, value := range referred {
			merged[key] = value
		}
		for key, value := range m { // what stands beside a reference goes before it
			if key != "$ref" {
				merged[key] = value
			}
		}
		m = merged
	}
	return m
}

// expand puts what is referred to in place of references, down to a depth. Of several schemas that may apply it takes the
// first.
func (d *openDocument) expand(v any, depth int) any {
	if depth < 0 {
		return map[string]any{}
	}
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, value := range d.object(v) {
			if key == "properties" {
				properties := map[string]any{}
				for name, of := range d.object(value) {
					properties[name] = d.expand(of, depth-1)
				}
				out[key] = properties
				continue
			}
			out[key] = d.expand(value, depth-1)
		}
		if choices, ok := out["oneOf"].([]any); ok && len(choices) > 0 && out["properties"] == nil {
			first, _ := choices[0].(map[string]any)
			return first
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, one := range v {
			out[i] = d.expand(one, depth)
		}
		return out
	}
	return v
}

// exampleOf makes a value that a schema may take: of an object, what is required of it, or all when nothing is.
func exampleOf(schema map[string]any, depth int) any {
	for _, key := range []string{"example", "default", "const"} {
		if value, ok := schema[key]; ok {
			return value
		}
	}
	if choices, ok := schema["enum"].([]any); ok && len(choices) > 0 {
		return choices[0]
	}
	properties, isObject := schema["properties"].(map[string]any)
	switch kind, _, _ := strings.Cut(schemaType(schema), " "); {
	case isObject && depth > 0:
		rows, _ := schemaRows(schema)
		all := !slices.ContainsFunc(rows, func(r schemaRow) bool { return r.Required && !strings.ContainsAny(r.Name, ".[") })
		out := map[string]any{}
		for _, r := range rows {
			of, _ := properties[r.Name].(map[string]any)
			if strings.ContainsAny(r.Name, ".[") || of["readOnly"] == true || !r.Required && !all {
				continue
			}
			out[r.Name] = exampleOf(of, depth-1)
		}
		return out
	case kind == "integer" || kind == "number":
		return cmp.Or[any](schema["minimum"], 0)
	case kind == "boolean":
		return false
	case strings.HasSuffix(kind, "[]") || kind == "array":
		return []any{}
	case kind == "object" || isObject:
		return map[string]any{}
	}
	return ""
}

func textOf(v any) string {
	if v == nil {
		return ""
	}
	return strings.TrimSpace(fmt.Sprint(v))
}

// documentText says a text of the document, on one line, in a language.
func documentText(lang messages.Language, text string) string {
	return messages.Text(lang, strings.Join(strings.Fields(text), " "))
}

// marked finds what stands between backticks or double asterisks.
var marked = regexp.MustCompile("`([^`]+)`|\\*\\*([^*]+)\\*\\*")

// prose writes the little markup of the document's descriptions as HTML.
func prose(text string) template.HTML {
	escaped := template.HTMLEscapeString(text)
	// #nosec G203 -- escaped
	return template.HTML(marked.ReplaceAllStringFunc(escaped, func(found string) string {
		parts := marked.FindStringSubmatch(found)
		if parts[1] != "" {
			return "<code>" + parts[1] + "</code>"
		}
		return "<strong>" + parts[2] + "</strong>"
	}))
}
