package v1

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	defaultLimit = 50
	maxLimit     = 500
)

// query is a request's query parameters, each given once. The first error stays.
type query struct {
	values url.Values
	err    error
}

// readQuery reads a query string, whose parameters must be among the known.
func readQuery(raw string, known []string) *query {
	q := &query{}
	q.values, q.err = url.ParseQuery(raw)
	if q.err != nil {
		q.err = malformed("", "the query cannot be read: %s", q.err.Error())
	}
	for name, given := range q.values {
		switch {
		case !slices.Contains(known, name):
			hint := "none is known here"
			if len(known) > 0 {
				hint = "those known here are: " + strings.Join(known, ", ")
			}
			q.fail(name, "is not a query parameter of this path; %s", hint)
		case len(given) > 1:
			q.fail(name, "is given twice")
		case !utf8.ValidString(given[0]):
			q.fail(name, "is not valid UTF-8")
		}
	}
	return q
}

func (q *query) fail(field, format string, args ...any) {
	if q.err == nil {
		q.err = malformed(field, format, args...)
	}
}

func (q *query) text(name string) string { return q.values.Get(name) }

func (q *query) flag(name string) bool {
	switch q.text(name) {
	case "", "false":
		return false
	case "true":
		return true
	}
	q.fail(name, "must be true or false")
	return false
}

func (q *query) instant(name string) time.Time {
	var v values
	at := v.instant(name, Instant(q.text(name)))
	if q.err == nil {
		q.err = v.err
	}
	return at
}

// number reads a whole number above 0; 0 stands for none.
func (q *query) number(name string) int64 {
	given := q.text(name)
	if given == "" {
		return 0
	}
	n, err := strconv.ParseInt(given, 10, 64)
	if err != nil || n < 1 {
		q.fail(name, "must be a whole number above 0")
	}
	return n
}

// choice reads one of the choices; empty means all of them.
func choice[T ~string](q *query, name string, choices ...T) T {
	given := T(q.text(name))
	if given != "" && !slices.Contains(choices, given) {
		all := make([]string, len(choices))
		for i, c := range choices {
			all[i] = string(c)
		}
		q.fail(name, "must be one of %s", strings.Join(all, ", "))
	}
	return given
}

func (q *query) limit() int {
	given := q.text("limit")
	if given == "" {
		return defaultLimit
	}
	n, err := strconv.Atoi(given)
	if err != nil || n < 1 || n > maxLimit {
		q.fail("limit", "must be a whole number from 1 to %d", maxLimit)
	}
	return n
}

// cursor gives the id after which a page begins; empty for the first page.
func (q *query) cursor() string {
	given := q.text("cursor")
	id, err := base64.RawURLEncoding.DecodeString(given)
	if err != nil || len(id) > maxID || !utf8.Valid(id) {
		q.fail("cursor", "is not one that a page gave as next")
	}
	return string(id)
}

// Page is one page of a list. Next is the cursor of the page after it, empty when there is none. A page may have fewer items
// than it could, and still a next: when a filter leaves few of many, a page looks through a bounded part of them.
type Page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty"`
}

// page cuts a list of up to limit+1 things to a page of limit.
func page[T, A any](list []T, limit int, id func(T) string, show func(T) A) Page[A] {
	p := Page[A]{Items: []A{}}
	if len(list) > limit {
		list = list[:limit]
		p.Next = base64.RawURLEncoding.EncodeToString([]byte(id(list[limit-1])))
	}
	for _, v := range list {
		p.Items = append(p.Items, show(v))
	}
	return p
}

// reaching is a page of a list that has been looked through down to an id, where the page after begins; with none it was to
// its end.
func (p Page[T]) reaching(id string) Page[T] {
	if p.Next == "" && id != "" {
		p.Next = base64.RawURLEncoding.EncodeToString([]byte(id))
	}
	return p
}
