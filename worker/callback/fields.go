package callback

import (
	"net/http"
	"slices"
)

// field is a header of a request, its name in the spelling that package http sends it in.
type field struct{ name, value string }

// fields are the headers of a request in the order in which they are sent. They are few, so looking through them costs
// less than a map.
type fields []field

func (f fields) has(name string) bool {
	return slices.ContainsFunc(f, func(x field) bool { return x.name == name })
}

// get gives the first value of a name, or "".
func (f fields) get(name string) string {
	for _, x := range f {
		if x.name == name {
			return x.value
		}
	}
	return ""
}

// add adds a value to those that a name has.
func (f *fields) add(name, value string) { *f = append(*f, field{name, value}) }

// set makes value the only one that a name has.
func (f *fields) set(name, value string) {
	f.del(name)
	f.add(name, value)
}

func (f *fields) del(names ...string) {
	*f = slices.DeleteFunc(*f, func(x field) bool { return slices.Contains(names, x.name) })
}

// header gives the fields as package http has them.
func (f fields) header() http.Header {
	h := make(http.Header, len(f)+1)
	for _, x := range f {
		h[x.name] = append(h[x.name], x.value)
	}
	return h
}
