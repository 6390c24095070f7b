package compat

import (
	"strings"
	"unicode/utf8"

	"github.com/carillonhq/carillon/core"
)

// form is the fields of a request. They lie one after another in one text, so that reading them costs one allocation
// however many they are.
type form struct {
	text  string
	spans []span
}

// span is where a field's name and value lie in the text.
type span struct{ name, nameEnd, value, valueEnd int }

func (f *form) name(s span) string  { return f.text[s.name:s.nameEnd] }
func (f *form) value(s span) string { return f.text[s.value:s.valueEnd] }

// decode reads the url-encoded fields of s.raw from an index on, in place: decoded text is never longer. What does not
// follow a % as it should stays as it is, as in ASP.NET.
func (s *scratch) decode(from int) {
	b, w := s.raw, from
	field, named := span{name: from}, false
	end := func() {
		if !named {
			field.nameEnd, field.value = w, w
		}
		field.valueEnd = w
		if field.nameEnd > field.name {
			s.spans = append(s.spans, field)
		}
	}
	for r := from; r < len(b); r++ {
		c := b[r]
		switch {
		case c == '&':
			end()
			field, named = span{name: w + 1}, false
		case c == '=' && !named:
			field.nameEnd, field.value, named = w, w+1, true
		case c == '+':
			c = ' '
		case c == '%' && r+2 < len(b) && isHex(b[r+1]) && isHex(b[r+2]):
			c = unhex(b[r+1])<<4 | unhex(b[r+2])
			r += 2
		}
		b[w] = c
		w++
	}
	end()
	s.raw = b[:w]
}

// add puts a field behind the others.
func (s *scratch) add(name string, value []byte) {
	var field span
	s.raw = append(s.raw, '&')
	field.name = len(s.raw)
	s.raw = append(s.raw, name...)
	field.nameEnd = len(s.raw)
	s.raw = append(s.raw, '=')
	field.value = len(s.raw)
	s.raw = append(s.raw, value...)
	field.valueEnd = len(s.raw)
	s.spans = append(s.spans, field)
}

// check refuses what is no text. Fields are divided by ASCII characters, so the whole is UTF-8 exactly when each is.
func (f *form) check() error {
	if utf8.ValidString(f.text) && strings.IndexByte(f.text, 0) < 0 {
		return nil
	}
	for _, s := range f.spans {
		name, value := f.name(s), f.value(s)
		switch {
		case !utf8.ValidString(name) || strings.IndexByte(name, 0) >= 0:
			return core.Malformed("", "the name of a field is not valid UTF-8 or holds a NUL character")
		case !utf8.ValidString(value):
			return core.Malformed(name, "is not valid UTF-8")
		case strings.IndexByte(value, 0) >= 0:
			// PostgreSQL cannot keep one.
			return core.Malformed(name, "holds a NUL character")
		}
	}
	return nil // it was in a field without a name
}

// raw gives the first value of a field that is not blank, as it was sent; "" when there is none.
func (f *form) raw(name string) string {
	for _, s := range f.spans {
		if s.nameEnd-s.name == len(name) && foldEqual(f.name(s), name) {
			if v := f.value(s); strings.TrimSpace(v) != "" {
				return v
			}
		}
	}
	return ""
}

// get is raw without the blanks around the value.
func (f *form) get(name string) string { return strings.TrimSpace(f.raw(name)) }

func cutFolded(s, prefix string) (rest string, ok bool) {
	if !hasFoldedPrefix(s, prefix) {
		return "", false
	}
	return s[len(prefix):], true
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case c >= 'a':
		return c - 'a' + 10
	case c >= 'A':
		return c - 'A' + 10
	}
	return c - '0'
}
