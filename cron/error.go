package cron

import "fmt"

// wholeExpression is the Field of an Error when no single field is to blame.
const wholeExpression = "expression"

// Error says why an expression is refused. It is the only error Parse returns.
type Error struct {
	// Field is second, minute, hour, day of month, month, day of week or year, or expression when
	// no single field is to blame.
	Field string
	// Value is what stands there: the whole field, or the expression, in upper case.
	Value string
	// Want says what would be right there, in words that end a sentence.
	Want string
}

// Error gives all three in one sentence.
func (e *Error) Error() string {
	return fmt.Sprintf("%s is %q, want %s", e.Field, e.Value, e.Want)
}
