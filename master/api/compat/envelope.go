package compat

import (
	"net/http"
	"strconv"
	"unicode/utf8"
)

// What the Status of an answer says, in ScheduleMaster's numbers.
const (
	statusServiceError = -2 // a failure of ours
	statusIllegal      = -1 // no such action, another verb, not allowed
	statusFailed       = 0  // the state of a thing does not allow it
	statusSuccess      = 1
	statusLoginFailed  = 2 // who calls is not known
	statusBadParameter = 3 // a field cannot be read
	statusDataError    = 4 // the thing does not exist
	statusInvalid      = 5 // a field breaks a rule
)

// appendEnvelope writes the body of an answer. It is written by hand because delayed tasks are created thousands of times
// a second.
func appendEnvelope(b []byte, status int, r reply) []byte {
	b = append(b, `{"Success":`...)
	b = strconv.AppendBool(b, status == statusSuccess)
	b = append(b, `,"Status":`...)
	b = strconv.AppendInt(b, int64(status), 10)
	b = append(b, `,"Message":`...)
	b = appendJSON(b, r.message)
	b = append(b, `,"Data":`...)
	switch {
	case r.id != "":
		b = appendJSON(b, r.id)
	case r.data != nil:
		b = append(b, r.data...)
	default:
		b = append(b, "null"...)
	}
	return append(b, '}')
}

// appendJSON writes a JSON string (RFC 8259, section 7). What is not UTF-8 becomes the replacement character.
func appendJSON(b []byte, s string) []byte {
	const digits = "0123456789abcdef"
	b = append(b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			b = utf8.AppendRune(b, r)
			i += size
			continue
		}
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ':
			b = append(b, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		default:
			b = append(b, c)
		}
		i++
	}
	return append(b, '"')
}

// contentType is shared by all answers; package http does not change the values of a header.
var contentType = []string{"application/json; charset=utf-8"}

func write(w http.ResponseWriter, code int, body []byte) {
	w.Header()["Content-Type"] = contentType
	w.WriteHeader(code)
	_, _ = w.Write(body) // a caller that went away cannot be told
}
