package sdk

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Bind decodes the run's parameters into a struct, by its json tags. Parameters that it has no field for are left out; a
// field whose parameter is not given keeps its value, so defaults may stand there beforehand. Its error is Permanent, as
// those of a Param's accessors are: the next attempt has the same parameters.
func (r *Run) Bind(v any) error {
	params, err := json.Marshal(r.params)
	if err != nil {
		return err
	}
	err = json.Unmarshal(params, v)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
		return Permanent(fmt.Errorf("parameter %q: got %s, which is no %s", wrong.Field, wrong.Value, wrong.Type))
	}
	if err != nil {
		return Permanent(fmt.Errorf("the parameters: %w", err))
	}
	return nil
}

// Param is one of the run's parameters, given or not.
func (r *Run) Param(name string) Param {
	value, given := r.params[name]
	return Param{name: name, value: value, given: given && string(value) != "null"}
}

// Param is a parameter of a run. Its accessors fail with a sentence that names it when it was not given or is of another
// kind. A number or a truth value may stand in a text, as it does when the manifest gives the task no schema.
type Param struct {
	name  string
	value json.RawMessage
	given bool
}

// Given tells whether the run has the parameter; null counts as not given.
func (p Param) Given() bool { return p.given }

// String is a text as it stands, and anything else as its JSON.
func (p Param) String() (string, error) {
	if !p.given {
		return "", p.wrong("it is not given")
	}
	var text string
	if json.Unmarshal(p.value, &text) != nil {
		return string(p.value), nil
	}
	return text, nil
}

// Int is a whole number.
func (p Param) Int() (int64, error) {
	return parse(p, "a whole number", func(text string) (int64, error) { return strconv.ParseInt(text, 10, 64) })
}

// Float is a number.
func (p Param) Float() (float64, error) {
	return parse(p, "a number", func(text string) (float64, error) { return strconv.ParseFloat(text, 64) })
}

// Bool is true or false.
func (p Param) Bool() (bool, error) {
	return parse(p, "true or false", strconv.ParseBool)
}

// Duration is a time such as "1m30s".
func (p Param) Duration() (time.Duration, error) {
	return parse(p, `a time such as "1m30s"`, time.ParseDuration)
}

// Time is an instant such as "2026-01-31T08:00:00Z" (RFC 3339).
func (p Param) Time() (time.Time, error) {
	return parse(p, `an instant such as "2026-01-31T08:00:00Z"`, func(text string) (time.Time, error) {
		return time.Parse(time.RFC3339Nano, text)
	})
}

// Bind decodes the parameter, of any kind.
func (p Param) Bind(v any) error {
	if !p.given {
		return p.wrong("it is not given")
	}
	if err := json.Unmarshal(p.value, v); err != nil {
		return p.wrong(err.Error())
	}
	return nil
}

func parse[T any](p Param, what string, read func(string) (T, error)) (T, error) {
	var none T
	text, err := p.String()
	if err != nil {
		return none, err
	}
	value, err := read(text)
	if err != nil {
		return none, p.wrong(fmt.Sprintf("%.100q is not %s", text, what))
	}
	return value, nil
}

func (p Param) wrong(how string) error {
	return Permanent(fmt.Errorf("parameter %q: %s", p.name, how))
}
