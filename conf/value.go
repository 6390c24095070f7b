package conf

import (
	"fmt"
	"strings"
)

// value binds a key to its field.
type value interface {
	// set reads raw, which is what the YAML file, a flag or the environment held. It reports false, and leaves the field
	// alone, when raw cannot be read.
	set(raw any) bool
	// text returns the field as one would write it, secrets redacted.
	text() string
	// valid reports whether the field obeys its rule.
	valid() bool
	// want says what a right value is: "must be …".
	want() string
	// kind names the type in a command's help.
	kind() string
}

// syntax is how values of a type are written and which of them a key accepts.
type syntax[T any] struct {
	kindName string
	// unquoted says that YAML may write the value without making it text: a number or a truth value.
	unquoted bool
	must     string
	parse    func(string) (T, error)
	format   func(T) string
	accept   func(T) bool
}

func (s syntax[T]) want() string { return s.must }

func (s syntax[T]) kind() string { return s.kindName }

// read turns one raw value into a T.
func (s syntax[T]) read(raw any) (T, bool) {
	var none T
	switch raw.(type) {
	case string:
	case int, int64, uint64, bool:
		// A name written as 007 or yes has lost its spelling by the time it gets here, so text must be text.
		if !s.unquoted {
			return none, false
		}
	default:
		return none, false
	}
	v, err := s.parse(strings.TrimSpace(fmt.Sprint(raw)))
	return v, err == nil
}

// one is a key with a single value.
type one[T any] struct {
	syntax[T]
	field *T
}

func (o one[T]) set(raw any) bool {
	v, ok := o.read(raw)
	if ok {
		*o.field = v
	}
	return ok
}

func (o one[T]) text() string { return o.format(*o.field) }

func (o one[T]) valid() bool { return o.accept(*o.field) }

// many is a key with a list of values: a YAML list, or text with commas between.
type many[T any] struct {
	syntax[T]
	field *[]T
}

const listKind = "list"

func (m many[T]) kind() string { return listKind }

func (m many[T]) set(raw any) bool {
	var items []any
	switch raw := raw.(type) {
	case []any:
		items = raw
	case string:
		for part := range strings.SplitSeq(raw, ",") {
			if strings.TrimSpace(part) != "" {
				items = append(items, part)
			}
		}
	default:
		return false
	}
	var vs []T
	for _, item := range items {
		v, ok := m.read(item)
		if !ok {
			return false
		}
		vs = append(vs, v)
	}
	*m.field = vs
	return true
}

func (m many[T]) text() string {
	parts := make([]string, len(*m.field))
	for i, v := range *m.field {
		parts[i] = m.format(v)
	}
	return strings.Join(parts, ",")
}

func (m many[T]) valid() bool {
	for _, v := range *m.field {
		if !m.accept(v) {
			return false
		}
	}
	return true
}
