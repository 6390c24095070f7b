package callback

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/carillonhq/carillon/core"
)

const (
	// maxFilled bounds a text with its templates filled in, so that a body full of them cannot exhaust the memory.
	maxFilled = 1 << 20
	// maxName is how far behind {{ the end of a name is looked for.
	maxName = 40

	dueFormat = "2006-01-02T15:04:05.999999Z07:00"
)

// template fills a call's values into texts.
type template struct {
	call     *Call
	tooLarge bool // a text grew over maxFilled and was given up
}

// raw fills in the values as they are.
func (t *template) raw(s string) string {
	return t.fill(s, func(v string) string { return v })
}

// header fills in the values without what a header cannot carry.
func (t *template) header(s string) string { return t.fill(s, stripControls) }

// url fills in the values escaped for the part of the URL that they stand in.
func (t *template) url(s string) string {
	if !strings.Contains(s, "{{") {
		return s
	}
	path, query, ok := strings.Cut(s, "?")
	path = t.fill(path, url.PathEscape)
	if !ok {
		return path
	}
	return path + "?" + t.fill(query, url.QueryEscape)
}

func (t *template) fill(s string, escape func(string) string) string {
	if !strings.Contains(s, "{{") {
		return s
	}
	var b strings.Builder
	for {
		open := strings.Index(s, "{{")
		if open < 0 {
			b.WriteString(s)
			return b.String()
		}
		name, _, closed := strings.Cut(s[open+2:min(len(s), open+2+maxName)], "}}")
		value, known := t.value(strings.TrimSpace(name))
		if !closed || !known {
			// Only the first brace is passed over: in "{{{run.id}}" the name begins at the second.
			b.WriteString(s[:open+1])
			s = s[open+1:]
			continue
		}
		b.WriteString(s[:open])
		value = escape(value)
		if b.Len()+len(value)+len(s) > maxFilled {
			t.tooLarge = true
			return ""
		}
		b.WriteString(value)
		s = s[open+2+len(name)+2:]
	}
}

// value is what stands for a name. {{parent.result}} is known only when there is a parent, {{shard.index}} and
// {{shard.total}} only when the firing goes to several workers.
func (t *template) value(name string) (string, bool) {
	switch name {
	case "parent.result":
		return string(t.call.ParentResult), t.call.HasParent
	case "run.id":
		return t.call.RunID, true
	case "run.due":
		return dueText(t.call.Due), true
	case "run.attempt":
		return strconv.Itoa(t.call.Attempt), true
	case "occurrence.id":
		return t.call.OccurrenceID, true
	case "shard.index":
		return strconv.Itoa(t.call.Shard), t.call.Shards > 0
	case "shard.total":
		return strconv.Itoa(t.call.Shards), t.call.Shards > 0
	}
	return "", false
}

func dueText(due time.Time) string { return due.UTC().Format(dueFormat) }

// encodeForm url-encodes the form's fields in their order.
func encodeForm(form []core.Param, fill *template) string {
	var b strings.Builder
	for i, p := range form {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(p.Key))
		b.WriteByte('=')
		b.WriteString(url.QueryEscape(fill.raw(p.Value)))
	}
	return b.String()
}
