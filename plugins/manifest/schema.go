package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/carillonhq/carillon/core"
)

// schemaURL names a schema while it is compiled; nothing is fetched from there.
const schemaURL = "plugin:parameters"

// compile readies the schema of a task's parameters. None takes any parameters. Formats are checked, as those who write
// them expect; what a schema refers to must lie inside it.
func compile(path string, parameters map[string]any) (*jsonschema.Schema, error) {
	if len(parameters) == 0 {
		return nil, nil
	}
	text, err := json.Marshal(parameters)
	if err != nil {
		return nil, core.Malformed(path, "must be what JSON can say: %s", err.Error())
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, core.Malformed(path, "must be what JSON can say: %s", err.Error())
	}
	if kind, given := parameters["type"]; given && kind != "object" {
		return nil, core.Broken(path+".type", "must be object: a task's parameters make an object")
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.AssertFormat()
	compiler.UseLoader(nothing{})
	if err := compiler.AddResource(schemaURL, doc); err != nil {
		return nil, notSchema(path, err)
	}
	schema, err := compiler.Compile(schemaURL)
	if err != nil {
		return nil, notSchema(path, err)
	}
	for name, property := range schema.Properties {
		if property.Default == nil {
			continue
		}
		if err := property.Validate(*property.Default); err != nil {
			return nil, core.Broken(path+".properties."+name+".default", "does not fit the parameter's own schema: %s", said(err))
		}
	}
	return schema, nil
}

func notSchema(path string, err error) error {
	var bad *jsonschema.SchemaValidationError
	if errors.As(err, &bad) {
		if invalid, ok := errors.AsType[*jsonschema.ValidationError](bad.Err); ok {
			leaf := firstLeaf(invalid)
			if len(leaf.InstanceLocation) > 0 {
				path += "." + strings.Join(leaf.InstanceLocation, ".")
			}
			return core.Malformed(path, "is not JSON Schema: %s", said(leaf))
		}
	}
	if outside, ok := errors.AsType[*jsonschema.LoadURLError](err); ok {
		return core.Broken(path, "refers to %s; a schema must hold all that it refers to", outside.URL)
	}
	return core.Malformed(path, "is not JSON Schema: %s", strings.ReplaceAll(err.Error(), schemaURL, ""))
}

// nothing is a loader that loads nothing: a package must not have a master read its files or call out.
type nothing struct{}

func (nothing) Load(string) (any, error) { return nil, errors.New("nothing is loaded") }
