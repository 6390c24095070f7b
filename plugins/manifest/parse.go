package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/nearest"
)

// MaxSize is how long a manifest may be, in bytes, as the file and as the JSON that is kept of it. Aliases make the
// second longer than the first.
const MaxSize = 256 << 10

// Parse reads a plugin.yaml and validates it. Every error is a *core.Error that names the field.
func Parse(data []byte) (*Manifest, error) {
	if len(data) > MaxSize {
		return nil, core.Broken(Name, "has %d bytes; at most %d are allowed", len(data), MaxSize)
	}
	var doc yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	if err := decoder.Decode(&doc); err != nil {
		return nil, notYAML(err)
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, core.Malformed(Name, "must be one YAML document")
	}
	root := doc.Content[0]
	if err := checkKeys(root, reflect.TypeFor[Manifest](), ""); err != nil {
		return nil, err
	}
	keepDates(root)
	var m Manifest
	if err := root.Decode(&m); err != nil {
		return nil, notYAML(err)
	}
	kept, err := json.Marshal(&m)
	if err != nil {
		return nil, core.Malformed("tasks", "must be what JSON can say: keys that are text, no infinite numbers (%s)", err.Error())
	}
	if len(kept) > MaxSize {
		return nil, core.Broken(Name, "has %d bytes as JSON; at most %d are allowed", len(kept), MaxSize)
	}
	return &m, m.Validate()
}

// FromJSON reads a manifest that was written as JSON, and validates it.
func FromJSON(data []byte) (*Manifest, error) {
	var m Manifest
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber() // the bounds of a schema keep all their digits
	if err := decoder.Decode(&m); err != nil {
		return nil, core.Malformed(Name, "is not a manifest as JSON: %s", err.Error())
	}
	return &m, m.Validate()
}

func notYAML(err error) error {
	if errors.Is(err, io.EOF) {
		return core.Malformed(Name, "is empty")
	}
	return core.Malformed(Name, "is not right: %s", strings.TrimPrefix(err.Error(), "yaml: "))
}

// checkKeys refuses keys that no field of t has, and names what the writer may have meant. Maps of any keys pass.
func checkKeys(node *yaml.Node, t reflect.Type, path string) error {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	inner, open := element(t)
	if node.Kind != yaml.MappingNode || t.Kind() != reflect.Struct && !open {
		return nil // what is not a mapping where there should be one is found when the node is decoded
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i].Value, node.Content[i+1]
		if !open {
			field, known := fields(t)[key]
			if !known {
				return core.Malformed(path+key, "is not known; did you mean %s?", nearest.Name(key, names(t)))
			}
			inner = field
		}
		if err := checkKeys(value, inner, path+key+"."); err != nil {
			return err
		}
	}
	return nil
}

// element is the type of a map's values, when they have keys to check.
func element(t reflect.Type) (reflect.Type, bool) {
	if t.Kind() == reflect.Map && t.Elem().Kind() == reflect.Struct {
		return t.Elem(), true
	}
	return nil, false
}

func fields(t reflect.Type) map[string]reflect.Type {
	known := map[string]reflect.Type{}
	for i := range t.NumField() {
		if name := tagged(t.Field(i)); name != "" {
			known[name] = t.Field(i).Type
		}
	}
	return known
}

func names(t reflect.Type) []string {
	var known []string
	for i := range t.NumField() {
		if name := tagged(t.Field(i)); name != "" {
			known = append(known, name)
		}
	}
	return known
}

func tagged(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	return name
}

// keepDates has values that YAML takes for dates stay the text they are written as, for JSON has no dates.
func keepDates(node *yaml.Node) {
	if node.Kind == yaml.ScalarNode && node.ShortTag() == "!!timestamp" {
		node.Tag = "!!str"
	}
	for _, child := range node.Content {
		keepDates(child)
	}
}
