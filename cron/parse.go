package cron

import (
	"cmp"
	"fmt"
	"strings"
	"unicode/utf8"
)

// MaxLength is the longest expression Parse accepts, in characters.
const MaxLength = 1000

// Expression is a parsed cron expression. It never changes and may be used by many goroutines at once.
type Expression struct {
	text                            string
	seconds, minutes, hours, months uint64
	days                            days
	years                           years
	// fixed: second, minute and hour are free of *, / and -, so a repeated time is due only once.
	fixed bool
}

// String returns the source text in upper case, its fields divided by single blanks.
func (e *Expression) String() string { return e.text }

// Parse reads an expression of six or seven fields. Any error is an *Error. An expression that never
// fires, like one for 30 February or for a past year, is a good one: Next tells.
func Parse(expr string) (*Expression, error) {
	if n := utf8.RuneCountInString(expr); n > MaxLength {
		return nil, &Error{Field: wholeExpression, Value: string([]rune(expr)[:40]) + "…",
			Want: fmt.Sprintf("at most %d characters, not %d", MaxLength, n)}
	}
	parts := strings.Fields(upper(expr))
	e := &Expression{text: strings.Join(parts, " ")}
	if err := checkCount(e.text, len(parts)); err != nil {
		return nil, err
	}
	e.fixed = !strings.ContainsAny(parts[0]+parts[1]+parts[2], "*/-")
	year := "*"
	if len(parts) == 7 {
		year = parts[6]
	}
	// The first error in the order of the fields is the one to tell.
	err := cmp.Or(
		secondField.read(parts[0], &e.seconds),
		minuteField.read(parts[1], &e.minutes),
		hourField.read(parts[2], &e.hours),
		e.days.readMonthDays(parts[3]),
		monthField.read(parts[4], &e.months),
		e.days.readWeekdays(parts[5]),
		yearField.each(year, func(item string) error { return yearField.span(item, e.years.add) }),
		checkDays(parts),
	)
	if err != nil {
		return nil, err
	}
	return e, nil
}

func checkCount(text string, count int) error {
	const want = "six or seven fields: second minute hour day-of-month month day-of-week [year]"
	switch {
	case count == 5:
		return &Error{Field: wholeExpression, Value: text,
			Want: want + `; it has five: put the second in front, and ? in one of the two day fields`}
	case count < 6 || count > 7:
		return &Error{Field: wholeExpression, Value: text, Want: fmt.Sprintf("%s; it has %d", want, count)}
	}
	return nil
}

// upper leaves all but ASCII alone: in Unicode other letters than s become S.
func upper(text string) string {
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' {
			return r - 'a' + 'A'
		}
		return r
	}, text)
}
