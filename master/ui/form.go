package ui

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/web/messages"
)

// form is what stands in the fields of a form, and what was wrong with it. Fields are named as the API names them, so that
// an error of a service finds its field.
type form struct {
	values url.Values
	refuse *core.Error
}

// newForm begins a form with values: name, value, name, value.
func newForm(pairs ...string) *form {
	f := &form{values: url.Values{}}
	for i := 0; i+1 < len(pairs); i += 2 {
		f.values.Add(pairs[i], pairs[i+1])
	}
	return f
}

// form reads what was sent.
func (r *request) form() (*form, error) {
	if err := r.Request.ParseForm(); err != nil {
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			return nil, &core.Error{Code: core.CodeTooLarge, Format: "the form is too large"}
		}
		return nil, &core.Error{Code: core.CodeMalformed, Format: "the form cannot be read"}
	}
	for name, values := range r.Request.PostForm {
		for _, v := range values {
			if !utf8.ValidString(v) {
				return nil, core.Malformed(name, "is not valid UTF-8")
			}
		}
	}
	return &form{values: r.Request.PostForm}, nil
}

// Value is what stands in a field.
func (f *form) Value(name string) string { return f.values.Get(name) }

// All are the values of a field that may have several.
func (f *form) All(name string) []string { return f.values[name] }

// Refused is what was wrong; nil when nothing was.
func (f *form) Refused() *core.Error { return f.refuse }

// takes says whether err is one to be shown with the form, for the reader to mend, and notes it.
func (f *form) takes(err error) bool {
	e, ok := errors.AsType[*core.Error](err)
	if !ok {
		return false
	}
	switch e.Code {
	case core.CodeRule, core.CodeMalformed, core.CodeConflict:
		f.refuse = e
		return true
	}
	return false
}

// status is what a page with this form is answered with.
func (f *form) status() int {
	if f.refuse != nil {
		return http.StatusUnprocessableEntity
	}
	return http.StatusOK
}

// field is one field of a form as a template shows it.
type field struct {
	ID, Name, Label, Value string
	Type                   string
	Hint, Error            string
	Required               bool
	Options                []option
	Attributes             []option // further attributes of the element
}

// option is one choice of a field, or an attribute and its value.
type option struct{ Value, Label string }

// newField makes a field. Attributes are "name=value": type and hint are the field's own, required needs no value, the
// others go to the element.
func newField(lang messages.Language, f *form, name, label string, attributes []string) (*field, error) {
	fd := &field{ID: "field-" + strings.ReplaceAll(name, ".", "-"), Name: name, Label: label, Type: "text", Value: f.Value(name)}
	for _, a := range attributes {
		key, value, _ := strings.Cut(a, "=")
		switch key {
		case "type":
			fd.Type = value
		case "hint":
			fd.Hint = value
		case "required":
			fd.Required = true
		case "":
			return nil, fmt.Errorf("field %s: %q is no attribute", name, a)
		default:
			fd.Attributes = append(fd.Attributes, option{key, value})
		}
	}
	if fd.Type == "password" {
		fd.Value = "" // it is typed again
	}
	if e := f.refuse; e != nil && e.Field == name {
		fd.Error = messages.Text(lang, e.Format, e.Args...)
	}
	return fd, nil
}

// pairs makes options of values and labels in turn.
func pairs(list ...string) ([]option, error) {
	if len(list)%2 != 0 {
		return nil, errors.New("pairs: a value is without its label")
	}
	var options []option
	for i := 0; i < len(list); i += 2 {
		options = append(options, option{list[i], list[i+1]})
	}
	return options, nil
}
