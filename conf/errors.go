package conf

import (
	"slices"
	"strconv"
	"strings"
)

// Error is one thing that is wrong with the configuration.
type Error struct {
	// Key is the key as the YAML file writes it.
	Key string
	// Source says where the value came from: a flag, an environment variable or a file. Empty when it came from code.
	Source string
	// Given is the value that was refused; empty when it is a secret or there was none.
	Given string
	// Want says what would be right, as the rest of a sentence about the value: "must be …".
	Want string
}

// Error names the key, where the value came from, the value, and what would be right.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Key)
	if e.Source != "" {
		b.WriteString(" (" + e.Source + ")")
	}
	b.WriteString(": ")
	if e.Given != "" {
		b.WriteString(strconv.Quote(e.Given) + " ")
	}
	b.WriteString(e.Want)
	return b.String()
}

// Errors is everything that is wrong with the configuration, in the order of the keys.
type Errors []*Error

// Error puts each error on a line of its own.
func (es Errors) Error() string {
	lines := make([]string, len(es))
	for i, e := range es {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives errors.As and errors.Is each error.
func (es Errors) Unwrap() []error {
	errs := make([]error, len(es))
	for i, e := range es {
		errs[i] = e
	}
	return errs
}

// have reports whether one of them is about key.
func (es Errors) have(key string) bool {
	return slices.ContainsFunc(es, func(e *Error) bool { return e.Key == key })
}

// orNil returns es as an error, nil when there is none.
func (es Errors) orNil() error {
	if len(es) == 0 {
		return nil
	}
	return es
}

// A Notice tells the operator about something that was given and has no effect. It never stops a start.
type Notice struct {
	// Option is the flag or environment variable.
	Option string
	// Reason says why it has no effect and what does instead.
	Reason string
}

// String joins the two into a line for people.
func (n Notice) String() string { return n.Option + " is not used: " + n.Reason }
