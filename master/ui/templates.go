package ui

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"reflect"
	"strconv"
	"strings"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/zonename"
	"github.com/carillonhq/carillon/web"
	"github.com/carillonhq/carillon/web/messages"
)

// setsKept is how many sets of templates are kept: one for each language and zone that people look at pages in.
const setsKept = 24

// templates are all templates, parsed once. The functions that they call know the reader's language and zone, so that no
// template is handed them; so there is a set for each, made when it is first needed.
type templates struct {
	base   *template.Template
	assets *web.Assets
	now    func() time.Time
	sets   *lru.Cache[setKey, *template.Template]
}

type setKey struct {
	lang messages.Language
	zone string
}

func newTemplates(assets *web.Assets, now func() time.Time) (*templates, error) {
	sets, err := lru.New[setKey, *template.Template](setsKept)
	if err != nil {
		return nil, err
	}
	t := &templates{assets: assets, now: now, sets: sets}
	t.base = template.New("").Option("missingkey=error").Funcs(t.funcs(messages.English, time.UTC))
	files := web.Templates()
	err = fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		_, err = t.base.New(name).Parse(string(content))
		return err
	})
	return t, err
}

// in gives the templates for a language and a zone.
func (t *templates) in(lang messages.Language, zone *time.Location) (*template.Template, error) {
	key := setKey{lang, zone.String()}
	if set, ok := t.sets.Get(key); ok {
		return set, nil
	}
	set, err := t.base.Clone()
	if err != nil {
		return nil, err
	}
	set.Funcs(t.funcs(lang, zone))
	t.sets.Add(key, set)
	return set, nil
}

// funcs are the functions of templates.
func (t *templates) funcs(lang messages.Language, zone *time.Location) template.FuncMap {
	w := words{lang: lang, zone: zone, name: zonename.IANA(zone), now: t.now}
	return template.FuncMap{
		"t":       func(text string, args ...any) string { return messages.Text(lang, text, args...) },
		"name":    func(word any) string { return messages.Name(lang, word) },
		"state":   w.state,
		"when":    w.when,
		"at":      w.at,
		"precise": w.precise,
		"clock":   w.clock,
		"took":    messages.Length,
		"num":     grouped,
		"size":    bytesOf,
		"asset":   t.assets.URL,
		"icon":    t.icon,
		"json":    asJSON,
		"prose":   func(text string) template.HTML { return prose(documentText(lang, text)) },
		"anchor":  func(name string) string { return strings.ReplaceAll(name, " ", "-") },

		"input": func(f *form, name, label string, attributes ...string) (*field, error) {
			return newField(lang, f, name, label, attributes)
		},
		"pairs":   pairs,
		"list":    func(values ...any) []any { return values },
		"pick":    func(fd *field, options []option) *field { fd.Options = options; return fd },
		"column":  newColumn,
		"refusal": func(e *core.Error) string { return messages.Error(lang, e) },
		"toasted": func(kind, text string) toast { return toast{kind, text} },
		"empty":   func(icon, title, text string) emptyList { return emptyList{icon, title, text} },
	}
}

// icon is an icon of the sprite. It says nothing by itself: what it stands for is said beside it, or by an aria-label.
func (t *templates) icon(name string, classes ...string) (template.HTML, error) {
	url, err := t.assets.Icon(name)
	if err != nil {
		return "", err
	}
	class := "icon"
	for _, c := range classes {
		class += " " + c
	}
	// #nosec G203 -- name is known to be an icon, and classes stand in templates
	return template.HTML(`<svg class="` + class + `" aria-hidden="true"><use href="` + url + `"/></svg>`), nil
}

// asJSON writes a value for a script to read out of an attribute.
func asJSON(v any) (string, error) {
	text, err := json.Marshal(v)
	return string(text), err
}

// bytesOf writes a number of bytes, rounded.
func bytesOf(n any) string {
	size := float64(reflect.ValueOf(n).Int())
	for _, unit := range []string{"B", "KiB", "MiB", "GiB"} {
		if size < 1024 {
			return strconv.FormatFloat(size, 'g', 3, 64) + " " + unit
		}
		size /= 1024
	}
	return strconv.FormatFloat(size, 'f', 1, 64) + " TiB"
}

// grouped writes a whole number with its thousands apart.
func grouped(n any) string {
	var text string
	switch n := n.(type) {
	case int:
		text = strconv.Itoa(n)
	case int64:
		text = strconv.FormatInt(n, 10)
	default:
		return fmt.Sprint(n)
	}
	sign := ""
	if text[0] == '-' {
		sign, text = "-", text[1:]
	}
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return sign + text
}

// execute fills a template.
func execute(set *template.Template, name string, data any) ([]byte, error) {
	var out bytes.Buffer
	if err := set.ExecuteTemplate(&out, name, data); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
