package messages

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// readDocument reads what the document of the API says that its page shows: of tags, operations, parameters and what bodies
// are made of; of answers what they are, but not what those are made of.
func (src *source) readDocument(t *testing.T, path string) {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	d := document{source: src, followed: map[string]bool{}}
	require.NoError(t, yaml.Unmarshal(content, &d.root))
	d.visit(d.root["tags"])
	d.visit(d.root["paths"])
}

// document is an OpenAPI document while it is read.
type document struct {
	*source
	root     map[string]any
	followed map[string]bool // references, so that schemas that refer to themselves are read once
}

func (d *document) visit(v any) {
	switch v := v.(type) {
	case []any:
		for _, inner := range v {
			d.visit(inner)
		}
	case map[string]any:
		_, isTag := v["name"].(string)
		isTag = isTag && v["in"] == nil
		for key, inner := range v {
			text, isText := inner.(string)
			switch {
			case isText && (key == "summary" || key == "description" || key == "name" && isTag):
				d.say(text)
			case isText && key == "$ref" && !d.followed[text]:
				d.followed[text] = true
				d.visit(d.referred(text))
			case key == "responses":
				d.visitAnswers(inner)
			case key != "examples" && key != "example" && key != "default":
				d.visit(inner)
			}
		}
	}
}

func (d *document) visitAnswers(v any) {
	answers, _ := v.(map[string]any)
	for _, answer := range answers {
		said, _ := answer.(map[string]any)
		if ref, ok := said["$ref"].(string); ok {
			said, _ = d.referred(ref).(map[string]any)
		}
		text, _ := said["description"].(string)
		d.say(text)
	}
}

func (d *document) referred(ref string) any {
	var at any = d.root
	for step := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		inner, _ := at.(map[string]any)
		at = inner[step]
	}
	return at
}

// say notes a text as the page says it, on one line.
func (d *document) say(text string) {
	text = strings.Join(strings.Fields(text), " ")
	d.said[text], d.literals[text] = "openapi.yaml", true
}

func TestDocumentIsRead(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/openapi.yaml"
	require.NoError(t, os.WriteFile(path, []byte(`
tags: [{name: a tag, description: of a tag}]
paths:
  /a:
    get:
      summary: a summary
      description: |
        over
        lines
      parameters: [{$ref: "#/components/parameters/p"}]
      requestBody:
        content: {application/json: {schema: {$ref: "#/components/schemas/s"}}}
      responses:
        "200": {description: answered, content: {application/json: {schema: {description: not shown}}}}
        default: {$ref: "#/components/responses/r"}
components:
  parameters: {p: {name: not said, in: query, description: a parameter}}
  schemas: {s: {properties: {inner: {$ref: "#/components/schemas/s", description: a property}}}, unused: {description: of nothing}}
  responses: {r: {description: a problem}}
`), 0o600))
	src := source{said: map[string]string{}, literals: map[string]bool{}}
	src.readDocument(t, path)
	for _, text := range []string{"a tag", "of a tag", "a summary", "over lines", "a parameter", "a property", "answered", "a problem"} {
		require.Contains(t, src.said, text)
	}
	require.Len(t, src.said, 8)
}
