package manifest

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/nearest"
)

// unfit says which parameter does not fit the schema, and what would be right.
func unfit(schema *jsonschema.Schema, err error) error {
	invalid, ok := errors.AsType[*jsonschema.ValidationError](err)
	if !ok {
		return core.Broken(paramsField, "do not fit their schema: %s", err.Error())
	}
	leaf := firstLeaf(invalid)
	name := strings.Join(leaf.InstanceLocation, ".")
	switch k := leaf.ErrorKind.(type) {
	case *kind.Required:
		return core.Broken(paramsField, "%s is required", within(name, k.Missing[0]))
	case *kind.AdditionalProperties:
		unknown := slices.Min(k.Properties)
		if known := slices.Sorted(maps.Keys(schema.Properties)); name == "" && len(known) > 0 {
			return core.Broken(paramsField, "%s is not known; did you mean %s?", unknown, nearest.Name(unknown, known))
		}
		return core.Broken(paramsField, "%s is not known", within(name, unknown))
	case *kind.Type:
		return core.Malformed(paramsField, "%s must be of type %s", name, strings.Join(k.Want, ", "))
	}
	if name == "" {
		return core.Broken(paramsField, "do not fit their schema: %s", said(leaf))
	}
	return core.Broken(paramsField, "%s does not fit its schema: %s", name, said(leaf))
}

func within(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// firstLeaf is the first cause of an error that has no cause itself; first by the place in the value, so that the same
// values always give the same error.
func firstLeaf(e *jsonschema.ValidationError) *jsonschema.ValidationError {
	for len(e.Causes) > 0 {
		e = slices.MinFunc(e.Causes, func(a, b *jsonschema.ValidationError) int {
			return slices.Compare(a.InstanceLocation, b.InstanceLocation)
		})
	}
	return e
}

// said is what an error of the validator says of the value, in English, without its place.
func said(err error) string {
	invalid, ok := errors.AsType[*jsonschema.ValidationError](err)
	if !ok {
		return err.Error()
	}
	return firstLeaf(invalid).ErrorKind.LocalizedString(message.NewPrinter(language.English))
}
