package ui

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// pageSizes are how many rows a page of a list may have; the first is the usual one.
var pageSizes = []int{25, 50, 100}

// chosenField is what the boxes are called by which rows of a list are chosen. It must not be a property of forms: asked for
// its id, a form with boxes of that name gives the boxes, so that a refresh does not know the form again and makes it anew,
// and what is being written in it is gone.
const chosenField = "chosen"

// list is where a reader is in a list: what it is narrowed to, how it is sorted, which page of it. All of it stands in the
// address, so that it can be kept and sent to others.
type list struct {
	path  string
	query url.Values
	// Sort is the column, Desc whether from its end.
	Sort string
	Desc bool
	Page int // from 1
	Size int
	// Total is how many rows there are; Shown those on this page. More says that there are more rows than Total, which
	// cannot be paged to.
	Total int64
	Shown int
	More  bool
}

// list reads where the reader is. Of the columns that can be sorted by the first is the usual one; one that begins with
// "-" is sorted from its end.
func (r *request) list(columns ...string) *list {
	q := r.Request.URL.Query()
	l := &list{path: r.Request.URL.Path, query: q, Page: 1, Size: pageSizes[0]}
	sort := columns[0]
	if asked := q.Get("sort"); slices.ContainsFunc(columns, func(c string) bool { return column(c) == column(asked) }) {
		sort = asked
	}
	l.Sort, l.Desc = column(sort), strings.HasPrefix(sort, "-")
	if n, err := strconv.Atoi(q.Get("page")); err == nil && n > 0 && n < 1_000_000 {
		l.Page = n
	}
	if n, err := strconv.Atoi(q.Get("size")); err == nil && slices.Contains(pageSizes, n) {
		l.Size = n
	}
	return l
}

func column(sort string) string {
	return strings.TrimPrefix(sort, "-")
}

// bound notes how many rows there are, but no more than can be paged to.
func (l *list) bound(total, most int64) { l.Total, l.More = min(total, most), total > most }

// Offset is how many rows lie before this page.
func (l *list) Offset() int { return (l.Page - 1) * l.Size }

// First and Last are the numbers of the first and last row on this page.
func (l *list) First() int { return min(l.Offset()+1, l.Offset()+l.Shown) }

// Last is the number of the last row on this page.
func (l *list) Last() int { return l.Offset() + l.Shown }

// Is is what the list is narrowed to in one way; empty for not at all.
func (l *list) Is(name string) string { return l.query.Get(name) }

// Narrowed says whether anything narrows the list, so that an empty one is told from one that is narrowed too far.
func (l *list) Narrowed() bool {
	for name, values := range l.query {
		if name != "sort" && name != "page" && name != "size" && strings.Join(values, "") != "" {
			return true
		}
	}
	return false
}

// URL is the address of this list with something else: name, value, name, value. An empty value takes it out. The page is
// the first again, unless it is among them.
func (l *list) URL(pairs ...string) string { return l.address("page", pairs) }

// address is the path with the query as it is but for the pairs, and without the place in the list unless they name it.
func (l *list) address(place string, pairs []string) string {
	q := maps.Clone(l.query)
	q.Del(place)
	for i := 0; i+1 < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	for name, values := range q {
		if strings.Join(values, "") == "" {
			q.Del(name)
		}
	}
	if len(q) == 0 {
		return l.path
	}
	return l.path + "?" + q.Encode()
}

// All is the address of the list without what narrows it.
func (l *list) All() string { return l.path }

// Before and After are the addresses of the neighbouring pages; empty where there is none.
func (l *list) Before() string {
	if l.Page == 1 {
		return ""
	}
	return l.URL("page", strconv.Itoa(l.Page-1))
}

// After is the address of the page after this one; empty when this is the last.
func (l *list) After() string {
	if int64(l.Last()) >= l.Total {
		return ""
	}
	return l.URL("page", strconv.Itoa(l.Page+1))
}

// Sizes are the sizes that a page may have, with the addresses that give it them.
func (l *list) Sizes() []option {
	var options []option
	for _, n := range pageSizes {
		options = append(options, option{strconv.Itoa(n), l.URL("size", strconv.Itoa(n))})
	}
	return options
}

// head is the heading of a column that can be sorted by.
type head struct {
	Label, URL, Icon string
	Order            string // ascending or descending, for readers that say it; empty when the list is not sorted by it
	Class            string
}

// newColumn makes the heading of a column.
func newColumn(l *list, name, label string, class ...string) head {
	h := head{Label: label, URL: l.URL("sort", name), Icon: "arrows-sort", Class: strings.Join(class, " ")}
	switch {
	case l.Sort == name && l.Desc:
		h.Order, h.Icon = "descending", "sort-descending"
	case l.Sort == name:
		h.Order, h.Icon, h.URL = "ascending", "sort-ascending", l.URL("sort", "-"+name)
	}
	return h
}

// emptyList is what stands where a list is empty.
type emptyList struct{ Icon, Title, Text string }
