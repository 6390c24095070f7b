package core

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// AuditEntry says of one change who made it, when and from where, of what, and what it changed.
type AuditEntry struct {
	// ID begins with At, as the id of a run does with its due instant.
	ID string
	At time.Time
	Author
	Action     string // what was asked for, such as edit
	Kind       AuditKind
	ObjectID   string
	ObjectName string // what people know it by, as it was then; may be empty
	Changes    []FieldChange
}

// AuditKind is what kind of thing was changed.
type AuditKind string

// The kinds of things whose changes are kept.
const (
	AuditTask      AuditKind = "task"
	AuditDelayed   AuditKind = "delayed_task"
	AuditRun       AuditKind = "run"
	AuditNode      AuditKind = "node" // id: the kind, a slash, the name
	AuditUser      AuditKind = "user"
	AuditAPIToken  AuditKind = "api_token"
	AuditSettings  AuditKind = "settings"
	AuditJoinToken AuditKind = "join_token"
	AuditPlugin    AuditKind = "plugin"
)

// AuditKinds are all kinds.
func AuditKinds() []AuditKind {
	return []AuditKind{AuditTask, AuditDelayed, AuditRun, AuditNode, AuditUser, AuditAPIToken, AuditSettings, AuditJoinToken, AuditPlugin}
}

// FieldChange is one field before a change and after it, as texts. Secrets show as Masked on both sides.
type FieldChange struct {
	Field  string `json:"field"`
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

const (
	// Masked stands for a secret.
	Masked = "***"
	// maxShown is how much of a value an entry keeps, in characters.
	maxShown = 2000
)

// Changes lists the fields in which two values of one type differ, in their order. Either may be nil, for something that is
// created or deleted: then the fields of the other that are not zero are listed. Fields have the names that JSON gives them.
// The tag "audit" of a field says more:
//
//   - leave it out
//     secret   show that it changed, and not what it was
//     url      hide the name and the password in it
//     as=NAME  call it so
func Changes(before, after any) []FieldChange {
	old, now := leavesOf(before), leavesOf(after)
	var changes []FieldChange
	add := func(l leaf, was, is string) {
		if was == is {
			return
		}
		changes = append(changes, FieldChange{l.path, l.show(was), l.show(is)})
	}
	for _, l := range now {
		i := slices.IndexFunc(old, func(o leaf) bool { return o.path == l.path })
		if i >= 0 {
			add(l, old[i].text, l.text)
		} else if !l.zero {
			add(l, "", l.text)
		}
	}
	for _, o := range old {
		if !o.zero && !slices.ContainsFunc(now, func(l leaf) bool { return o.path == l.path }) {
			add(o, o.text, "")
		}
	}
	return changes
}

// leaf is one value within another.
type leaf struct {
	path, text string
	zero       bool
	tag        string // secret, url or nothing
}

func (l leaf) show(text string) string {
	switch {
	case text == "":
		return ""
	case l.tag == "secret":
		return Masked
	case l.tag == "url":
		text = MaskUserInfo(text)
	}
	if utf8.RuneCountInString(text) > maxShown {
		text = string([]rune(text)[:maxShown]) + "…"
	}
	return text
}

func leavesOf(v any) []leaf {
	if v == nil {
		return nil
	}
	var all []leaf
	collectLeaves(&all, "", "", reflect.ValueOf(v))
	return all
}

func collectLeaves(all *[]leaf, path, tag string, v reflect.Value) {
	add := func(text string) { *all = append(*all, leaf{path, text, v.IsZero(), tag}) }
	switch x := v.Interface().(type) {
	case time.Time:
		if x.IsZero() {
			add("")
		} else {
			add(x.UTC().Format(time.RFC3339Nano))
		}
		return
	case time.Duration:
		add(x.String())
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			collectLeaves(all, path, tag, v.Elem())
		}
	case reflect.Struct:
		collectFields(all, path, v)
	case reflect.Slice:
		if v.Len() > 0 && v.Index(0).Kind() == reflect.Struct {
			for i := range v.Len() {
				collectLeaves(all, fmt.Sprintf("%s[%d]", path, i), tag, v.Index(i))
			}
			return
		}
		texts := make([]string, v.Len())
		for i := range texts {
			texts[i] = fmt.Sprint(v.Index(i).Interface())
		}
		add(strings.Join(texts, ", "))
	case reflect.Map:
		for _, key := range slices.SortedFunc(slices.Values(v.MapKeys()), func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) }) {
			collectLeaves(all, strings.TrimPrefix(path+"."+key.String(), "."), tag, v.MapIndex(key))
		}
	default:
		add(fmt.Sprint(v.Interface()))
	}
}

func collectFields(all *[]leaf, path string, v reflect.Value) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" {
			name = strings.ToLower(f.Name[:1]) + f.Name[1:]
		}
		tag := f.Tag.Get("audit")
		if as, ok := strings.CutPrefix(tag, "as="); ok {
			name, tag = as, ""
		}
		switch {
		case tag == "-" || !f.IsExported():
		case f.Anonymous:
			collectLeaves(all, path, tag, v.Field(i))
		default:
			collectLeaves(all, strings.TrimPrefix(path+"."+name, "."), tag, v.Field(i))
		}
	}
}
