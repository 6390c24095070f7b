package core

import (
	"errors"
	"fmt"
)

// Code classes an Error, so that each edge (form API, JSON API, command line) maps it once.
type Code string

// The classes of error that a caller can do something about. Any other error is internal: callers see only that
// something failed, the log holds the detail.
const (
	CodeMalformed       Code = "malformed"       // a value cannot be read as what it should be
	CodeRule            Code = "rule"            // a readable value breaks a rule
	CodeNotFound        Code = "not_found"       // the thing named does not exist
	CodeConflict        Code = "conflict"        // the thing named is not in a state that allows it
	CodeUnauthenticated Code = "unauthenticated" // who calls is not known
	CodeForbidden       Code = "forbidden"       // who calls may not do this
	CodeTooLarge        Code = "too_large"       // the request is over a size limit
	CodeUnavailable     Code = "unavailable"     // the database or another need is out of reach; trying again may help
)

// Error is an error meant for the caller: a class, the field it is about (the name the caller knows, empty when none),
// and a message. The message is kept as a format and its arguments so that an edge can say it in the caller's language.
type Error struct {
	Code   Code
	Field  string
	Format string
	Args   []any
}

// Error gives the English message, led by the field's name when there is one.
func (e *Error) Error() string {
	msg := fmt.Sprintf(e.Format, e.Args...)
	if e.Field == "" {
		return msg
	}
	return e.Field + ": " + msg
}

// Malformed says that field cannot be read and what would be right.
func Malformed(field, format string, args ...any) *Error {
	return &Error{Code: CodeMalformed, Field: field, Format: format, Args: args}
}

// Broken says that field is readable but breaks a rule, and what would be right.
func Broken(field, format string, args ...any) *Error {
	return &Error{Code: CodeRule, Field: field, Format: format, Args: args}
}

// NotFound says that the thing named does not exist.
func NotFound(format string, args ...any) *Error {
	return &Error{Code: CodeNotFound, Format: format, Args: args}
}

// Conflict says that the thing named is in a state that does not allow what was asked.
func Conflict(format string, args ...any) *Error {
	return &Error{Code: CodeConflict, Format: format, Args: args}
}

// Unavailable says that something Carillon needs is out of reach and that trying again may help.
func Unavailable(format string, args ...any) *Error {
	return &Error{Code: CodeUnavailable, Format: format, Args: args}
}

// CodeOf gives the class of err, or the empty class when err is internal.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ""
}
