package bench

import (
	"strconv"
	"strings"
	"time"
)

// The marks in a template's text. They stay as they are in a form, whose escaping leaves ~ alone.
const (
	markNumber = "~n~" // the number of the thing
	markDue    = "~t~" // its due instant
)

// dueFormat is RFC 3339 in UTC, to the microsecond, as Carillon keeps instants.
const dueFormat = "2006-01-02T15:04:05.000000Z"

// template makes bodies without allocating: all that differs is a number and an instant.
type template []piece

// piece is some text and the mark behind it; the last piece has none.
type piece struct{ text, mark string }

func newTemplate(text string) template {
	var t template
	for {
		n, d := strings.Index(text, markNumber), strings.Index(text, markDue)
		switch {
		case n < 0 && d < 0:
			return append(t, piece{text: text})
		case d < 0 || n >= 0 && n < d:
			t = append(t, piece{text[:n], markNumber})
			text = text[n+len(markNumber):]
		default:
			t = append(t, piece{text[:d], markDue})
			text = text[d+len(markDue):]
		}
	}
}

// appendTo writes the body of one thing.
func (t template) appendTo(b []byte, number int, due time.Time) []byte {
	for _, p := range t {
		b = append(b, p.text...)
		switch p.mark {
		case markNumber:
			b = strconv.AppendInt(b, int64(number), 10)
		case markDue:
			b = due.UTC().AppendFormat(b, dueFormat)
		}
	}
	return b
}
