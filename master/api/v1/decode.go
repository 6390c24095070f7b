package v1

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/api/problem"
)

// body reads a request's body, which must be JSON text in UTF-8. An absent body is empty.
func body(r *request) ([]byte, error) {
	data, err := io.ReadAll(r.Request.Body)
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, &core.Error{Code: core.CodeTooLarge, Format: "the body is larger than %d bytes", Args: []any{tooLarge.Limit}}
	}
	if err != nil {
		return nil, malformed("", "the body ended before it was whole")
	}
	if len(data) == 0 {
		return nil, nil
	}
	if media, _, err := mime.ParseMediaType(r.GetHeader("Content-Type")); err != nil || media != "application/json" {
		return nil, &core.Error{Code: problem.CodeMediaType, Format: "send the body as JSON, with the header Content-Type: application/json"}
	}
	if !utf8.Valid(data) {
		return nil, malformed("", "the body is not valid UTF-8")
	}
	return data, nil
}

// decode reads JSON text into a T. What it cannot read, it names by position or field; a field that T does not have, or
// that is given twice, is refused.
func decode[T any](data []byte) (*T, error) {
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, malformed("", "a JSON body is required")
	}
	v := new(T)
	if err := json.Unmarshal(data, v); err != nil {
		return nil, unreadable(data, err)
	}
	s := strict{json.NewDecoder(bytes.NewReader(data))}
	return v, s.value(reflect.TypeFor[T](), "")
}

func unreadable(data []byte, err error) error {
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		before := data[:min(int(e.Offset), len(data))]
		line := 1 + bytes.Count(before, []byte("\n"))
		column := utf8.RuneCount(before[1+bytes.LastIndexByte(before, '\n'):])
		return malformed("", "the body is not JSON: line %d, column %d: %s", line, column, e.Error())
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		given, _, _ := strings.Cut(e.Value, " ")
		return malformed(e.Field, "must be %s, not %s", wanted(e.Type), withArticle(given))
	}
	return malformed("", "the body cannot be read: %s", err.Error())
}

// wanted names what JSON a Go type is read from.
func wanted(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[Duration]():
		return `a duration in a string, such as "10s"`
	case t == reflect.TypeFor[Instant]():
		return `an instant in a string, such as "2026-01-02T15:04:05Z"`
	}
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	case reflect.Slice:
		return "an array"
	default:
		return "an object"
	}
}

func withArticle(noun string) string {
	if strings.ContainsAny(noun[:min(len(noun), 1)], "aeiou") {
		return "an " + noun
	}
	return "a " + noun
}

// strict walks JSON text that has been read into a type, and finds what encoding/json passes over: fields that the type
// does not have, names in another case, and names given twice.
type strict struct{ tokens *json.Decoder }

// value walks one value, which is at path, for t.
func (s *strict) value(t reflect.Type, path string) error {
	token, err := s.tokens.Token()
	if err != nil {
		return err
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch token {
	case json.Delim('{'):
		err = s.object(t, path)
	case json.Delim('['):
		for i := 0; err == nil && s.tokens.More(); i++ {
			err = s.value(within(t), fmt.Sprintf("%s[%d]", path, i))
		}
	default:
		return nil
	}
	if err == nil {
		_, err = s.tokens.Token() // the closing bracket
	}
	return err
}

func (s *strict) object(t reflect.Type, path string) error {
	seen := map[string]bool{}
	for s.tokens.More() {
		token, err := s.tokens.Token()
		if err != nil {
			return err
		}
		name := token.(string)
		at := strings.TrimPrefix(path+"."+name, ".")
		if seen[name] {
			return malformed(at, "is given twice")
		}
		seen[name] = true
		of := within(t)
		if t.Kind() == reflect.Struct {
			if of = fieldNamed(t, name); of == nil {
				return malformed(at, "is not a field here; the fields here are: %s", cmp.Or(strings.Join(names(t), ", "), "none"))
			}
		}
		if err := s.value(of, at); err != nil {
			return err
		}
	}
	return nil
}

// within gives the type of what a slice or a map holds; anything holds anything.
func within(t reflect.Type) reflect.Type {
	if k := t.Kind(); k == reflect.Slice || k == reflect.Map {
		return t.Elem()
	}
	return t
}

func fieldNamed(t reflect.Type, name string) reflect.Type {
	for f := range t.Fields() {
		if jsonName(f) == name {
			return f.Type
		}
	}
	return nil
}

// names lists the JSON names of a struct's fields.
func names(t reflect.Type) []string {
	var all []string
	for f := range t.Fields() {
		all = append(all, jsonName(f))
	}
	return all
}

func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}
