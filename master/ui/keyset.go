package ui

import (
	"maps"
	"strings"
)

// keyset is where a reader is in a list of what nobody counts, because there may be millions: it is read on from the last
// row of the page before. What narrows it and where it goes on stand in the address.
type keyset struct {
	*list
	// Begin is the id of the last row of the page before; empty on the first page.
	Begin string
	// next is the id where the page after goes on; empty when this is the last.
	next string
	// Bounded says that the page has looked through no more than a part of what the filters leave, and found less than a
	// page of it there.
	Bounded bool
}

// maxBegin is the longest id that a list goes on from, in bytes.
const maxBegin = 100

// keyset reads where the reader is.
func (r *request) keyset() *keyset {
	k := &keyset{list: r.list("")}
	if begin := r.Query("begin"); len(begin) <= maxBegin {
		k.Begin = begin
	}
	return k
}

// Wanted is how many rows are to be read: one more than are shown tells whether there is a page after.
func (k *keyset) Wanted() int { return k.Size + 1 }

// cut cuts the rows that were read to a page. reached is the id down to which was looked when that was not to the end.
func cut[T any](k *keyset, rows []T, reached string, id func(T) string) []T {
	if len(rows) > k.Size {
		rows = rows[:k.Size]
		k.next = id(rows[k.Size-1])
	} else if reached != "" {
		k.next, k.Bounded = reached, true
	}
	k.Shown = len(rows)
	return rows
}

// URL is the address of this list with something else: name, value, name, value. An empty value takes it out. It begins at
// its first page, unless it is said among them where.
func (k *keyset) URL(pairs ...string) string { return k.address("begin", pairs) }

// Narrowed says whether anything narrows the list.
func (k *keyset) Narrowed() bool {
	for name, values := range k.query {
		if name != "begin" && name != "size" && strings.Join(values, "") != "" {
			return true
		}
	}
	return false
}

// Newest is the address of the first page; empty when this is it.
func (k *keyset) Newest() string {
	if k.Begin == "" {
		return ""
	}
	return k.URL()
}

// Older is the address of the page after; empty when this is the last.
func (k *keyset) Older() string {
	if k.next == "" {
		return ""
	}
	return k.URL("begin", k.next)
}

// form is what the list is narrowed to, as fields show it.
func (k *keyset) form() *form { return &form{values: maps.Clone(k.query)} }
