// Package fill gives every field of a value something to lose, so that a test which saves and loads it fails by the
// name of the field that was forgotten.
package fill

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"
)

// First is the instant that filled times begin at. It has microseconds, the finest that a database keeps.
var First = time.Date(2031, 3, 4, 5, 6, 7, 890_123_000, time.UTC)

// Value sets every exported field below the pointer v to a value of its own, none of them zero: texts that name their
// field, counted numbers, UTC instants with microseconds, lists of two.
func Value(t testing.TB, v any) {
	t.Helper()
	f := filler{t: t}
	f.set("", reflect.ValueOf(v).Elem())
}

type filler struct {
	t testing.TB
	n int64
}

func (f *filler) set(path string, v reflect.Value) {
	f.t.Helper()
	f.n++
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(First.Add(time.Duration(f.n) * (time.Hour + time.Microsecond))))
		return
	case time.Duration:
		v.SetInt(int64(time.Duration(f.n) * time.Millisecond))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for _, field := range reflect.VisibleFields(v.Type()) {
			if len(field.Index) == 1 && field.IsExported() {
				f.set(join(path, field.Name), v.FieldByIndex(field.Index))
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.set(path, v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			f.set(fmt.Sprintf("%s[%d]", path, i), v.Index(i))
		}
	case reflect.String:
		v.SetString(fmt.Sprintf("%s %d", path, f.n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(f.n%100 + 1)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(f.n)%100 + 1)
	case reflect.Float32, reflect.Float64:
		v.SetFloat(float64(f.n) + 0.25)
	default:
		f.t.Fatalf("fill: %s is a %s, which cannot be filled", path, v.Kind())
	}
}

// Same fails the test with the names of the exported fields that differ between want and got, leaving out those in
// except and all below them. Times are compared as instants.
func Same(t testing.TB, want, got any, except ...string) {
	t.Helper()
	for _, d := range Differences(want, got, except...) {
		t.Errorf("%s", d)
	}
}

// Differences describes each exported field that differs between want and got.
func Differences(want, got any, except ...string) []string {
	var out []string
	differ("", reflect.ValueOf(want), reflect.ValueOf(got), except, &out)
	return out
}

func differ(path string, want, got reflect.Value, except []string, out *[]string) {
	if slices.Contains(except, path) {
		return
	}
	note := func(w, g any) { *out = append(*out, fmt.Sprintf("%s: want %v, got %v", path, w, g)) }
	if want.IsValid() != got.IsValid() || want.IsValid() && want.Type() != got.Type() {
		note(want, got)
		return
	}
	if w, ok := want.Interface().(time.Time); ok {
		if g, ok := got.Interface().(time.Time); !ok || !w.Equal(g) {
			note(want, got)
		}
		return
	}
	switch want.Kind() {
	case reflect.Pointer:
		switch {
		case want.IsNil() && got.IsNil():
		case want.IsNil() || got.IsNil():
			note(want, got)
		default:
			differ(path, want.Elem(), got.Elem(), except, out)
		}
	case reflect.Struct:
		for _, field := range reflect.VisibleFields(want.Type()) {
			if len(field.Index) == 1 && field.IsExported() {
				differ(join(path, field.Name), want.FieldByIndex(field.Index), got.FieldByIndex(field.Index), except, out)
			}
		}
	case reflect.Slice:
		if want.Len() != got.Len() {
			note(want, got)
			return
		}
		for i := range want.Len() {
			differ(fmt.Sprintf("%s[%d]", path, i), want.Index(i), got.Index(i), except, out)
		}
	default:
		if !reflect.DeepEqual(want.Interface(), got.Interface()) {
			note(want, got)
		}
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
