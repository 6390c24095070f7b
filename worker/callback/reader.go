package callback

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// reader reads JSON without blanks, as json.Marshal writes it. Its methods give false where something else stands.
type reader struct{ rest string }

// skip takes a character off.
func (r *reader) skip(c byte) bool {
	if r.rest == "" || r.rest[0] != c {
		return false
	}
	r.rest = r.rest[1:]
	return true
}

// object reads an object. It calls value with each name, to read what belongs to it.
func (r *reader) object(value func(name string) bool) bool {
	if !r.skip('{') {
		return false
	}
	if r.skip('}') {
		return true
	}
	for {
		var name string
		if !r.text(&name) || !r.skip(':') || !value(name) {
			return false
		}
		if !r.skip(',') {
			return r.skip('}')
		}
	}
}

// list reads a list that is not empty.
func list[T any](r *reader, to *[]T, item func(*reader, *T) bool) bool {
	if !r.skip('[') || *to != nil {
		return false
	}
	for {
		var v T
		if !item(r, &v) {
			return false
		}
		*to = append(*to, v)
		if !r.skip(',') {
			return r.skip(']')
		}
	}
}

// number reads a whole number.
func number[T ~int | ~int64](r *reader, to *T) bool {
	end := 0
	for end < len(r.rest) && (r.rest[end] == '-' || '0' <= r.rest[end] && r.rest[end] <= '9') {
		end++
	}
	digits := r.rest[:end]
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || int64(T(n)) != n || strconv.FormatInt(n, 10) != digits { // JSON has no "-0", "007" and such
		return false
	}
	*to, r.rest = T(n), r.rest[end:]
	return true
}

func (r *reader) truth(to *bool) bool {
	rest, ok := strings.CutPrefix(r.rest, "true")
	if ok {
		*to, r.rest = true, rest
	}
	return ok
}

// text reads a string. Without escapes it is part of what is read from, and not copied.
func (r *reader) text(to *string) bool {
	if !r.skip('"') {
		return false
	}
	ascii := true
	for i := range len(r.rest) {
		switch c := r.rest[i]; {
		case c == '"':
			*to, r.rest = r.rest[:i], r.rest[i+1:]
			return ascii || utf8.ValidString(*to)
		case c == '\\':
			return r.escaped(i, to)
		case c < ' ':
			return false
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	return false
}

// escaped reads a string whose first escape stands at i.
func (r *reader) escaped(i int, to *string) bool {
	end := i
	for end < len(r.rest) && r.rest[end] != '"' {
		if r.rest[end] < ' ' {
			return false
		}
		if r.rest[end] == '\\' {
			end++ // what is escaped does not end the string
		}
		end++
	}
	if end >= len(r.rest) || !utf8.ValidString(r.rest[:end]) {
		return false
	}
	raw := r.rest[:end]
	var b strings.Builder
	b.Grow(len(raw)) // no escape is shorter than what it stands for
	b.WriteString(raw[:i])
	for i < len(raw) {
		c := raw[i]
		i++
		if c != '\\' {
			b.WriteByte(c)
			continue
		}
		char, size := unescape(raw[i:])
		if size == 0 {
			return false
		}
		b.WriteRune(char)
		i += size
	}
	*to, r.rest = b.String(), r.rest[end+1:]
	return true
}

// unescape reads what follows a backslash and gives the length of it; 0 for what json.Marshal does not write.
func unescape(s string) (c rune, size int) {
	if s == "" {
		return 0, 0
	}
	switch s[0] {
	case '"', '\\':
		return rune(s[0]), 1
	case 'n':
		return '\n', 1
	case 'r':
		return '\r', 1
	case 't':
		return '\t', 1
	case 'b':
		return '\b', 1
	case 'f':
		return '\f', 1
	case 'u':
		if len(s) < 5 {
			return 0, 0
		}
		n, err := strconv.ParseUint(s[1:5], 16, 16)
		if err != nil || !utf8.ValidRune(rune(n)) {
			return 0, 0
		}
		return rune(n), 5
	}
	return 0, 0
}
