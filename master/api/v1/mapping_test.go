package v1

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

// fill gives every field of a value a value of its own.
func fill(v reflect.Value, n *int) {
	*n++
	switch v.Type() {
	case reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(now().Add(time.Duration(*n) * time.Minute)))
		return
	case reflect.TypeFor[time.Duration]():
		v.SetInt(int64(time.Duration(*n) * time.Second))
		return
	case reflect.TypeFor[[]byte]():
		v.SetBytes(fmt.Appendf(nil, "text %d", *n))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("text %d", *n))
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(1000 + *n))
	case reflect.Float64:
		v.SetFloat(float64(*n) + 0.5)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			fill(v.Index(i), n)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	default:
		panic("fill cannot do " + v.Kind().String())
	}
}

func filled[T any]() *T {
	v, n := new(T), 0
	fill(reflect.ValueOf(v).Elem(), &n)
	return v
}

// leaves calls fn for every value within v that has no parts, by its path.
func leaves(v reflect.Value, path string, fn func(path string, v reflect.Value)) {
	switch v.Type() {
	case reflect.TypeFor[time.Time](), reflect.TypeFor[[]byte]():
		fn(path, v)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		leaves(v.Elem(), path, fn)
	case reflect.Slice:
		for i := range v.Len() {
			leaves(v.Index(i), fmt.Sprintf("%s[%d]", path, i), fn)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			leaves(v.Field(i), strings.TrimPrefix(path+"."+v.Type().Field(i).Name, "."), fn)
		}
	default:
		fn(path, v)
	}
}

// rendered is how a value of core stands in JSON.
func rendered(v reflect.Value) string {
	switch v := v.Interface().(type) {
	case time.Time:
		return string(instantOf(v))
	case time.Duration:
		return string(durationOf(v))
	case []byte:
		return string(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return fmt.Sprint(v.Interface())
}

// jsonLeaves lists the values that stand in JSON text.
func jsonLeaves(t *testing.T, data []byte) []string {
	t.Helper()
	var all []string
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, inner := range v {
				walk(inner)
			}
		case []any:
			for _, inner := range v {
				walk(inner)
			}
		case float64:
			all = append(all, strconv.FormatFloat(v, 'f', -1, 64))
		default:
			all = append(all, fmt.Sprint(v))
		}
	}
	var v any
	require.NoError(t, json.Unmarshal(data, &v))
	walk(v)
	return all
}

// requireShown fails, by name, for each value of core's that does not stand in an answer, save the hidden paths.
func requireShown(t *testing.T, of any, answer any, hidden ...string) {
	t.Helper()
	data, err := json.Marshal(answer)
	require.NoError(t, err)
	shown := jsonLeaves(t, data)
	leaves(reflect.ValueOf(of), "", func(path string, v reflect.Value) {
		if slices.Contains(hidden, path) {
			require.NotContains(t, shown, rendered(v), "%s is shown", path)
			return
		}
		require.Contains(t, shown, rendered(v), "%s is not shown", path)
	})
}

// requireSet fails, by name, for each field of an answer that the mapping leaves empty, save the named.
func requireSet(t *testing.T, answer any, except ...string) {
	t.Helper()
	v := reflect.Indirect(reflect.ValueOf(answer))
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		require.Equal(t, !slices.Contains(except, name), !v.Field(i).IsZero(), "field %s", name)
	}
}

// requireSame fails, by name, for each value that differs, save those under the given fields.
func requireSame(t *testing.T, want, got any, except ...string) {
	t.Helper()
	found := map[string]string{}
	leaves(reflect.ValueOf(got), "", func(path string, v reflect.Value) { found[path] = rendered(v) })
	leaves(reflect.ValueOf(want), "", func(path string, v reflect.Value) {
		field, _, _ := strings.Cut(path, ".")
		if !slices.Contains(except, field) {
			require.Equal(t, rendered(v), found[path], "%s was lost on the way", path)
		}
	})
}

func TestTaskRoundTrip(t *testing.T) {
	t.Parallel()
	full := filled[core.Task]()
	answer := taskOf(full)
	requireShown(t, full, answer, "Definition.Callback.Secret", "Definition.Callback.TLS.Key")
	requireSet(t, answer, "Upcoming", "Warnings")

	data, err := json.Marshal(answer)
	require.NoError(t, err)
	given, err := decode[Task](data)
	require.NoError(t, err)
	require.Equal(t, Kept, given.Callback.Secret)
	require.Equal(t, Kept, given.Callback.TLS.Key)
	back, err := given.core(full)
	require.NoError(t, err)
	readOnly := []string{"ID", "Namespace", "State", "NextDue", "CreatedBy", "CreatedByName", "CreatedAt", "UpdatedAt", "Stats"}
	requireSame(t, full, back, readOnly...)
	// What is read-only must not come in.
	for _, name := range readOnly {
		require.Zero(t, reflect.ValueOf(*back).FieldByName(name).Interface(), name)
	}
}

func TestDelayedTaskRoundTrip(t *testing.T) {
	t.Parallel()
	full := filled[core.DelayedTask]()
	answer := delayedOf(full)
	requireShown(t, full, answer, "DelayedDefinition.Callback.Secret", "DelayedDefinition.Callback.TLS.Key")
	requireSet(t, answer, "Delay")

	answer.Callback.Secret, answer.Callback.TLS.Key = full.Callback.Secret, full.Callback.TLS.Key
	data, err := json.Marshal(answer)
	require.NoError(t, err)
	given, err := decode[DelayedTask](data)
	require.NoError(t, err)
	back, err := given.core(now())
	require.NoError(t, err)
	readOnly := []string{"ID", "Namespace", "State", "Resets", "Runs", "CreatedBy", "CreatedByName", "CreatedAt", "FinishedAt"}
	requireSame(t, full, back, readOnly...)
	for _, name := range readOnly {
		require.Zero(t, reflect.ValueOf(*back).FieldByName(name).Interface(), name)
	}
}

func TestRunIsShownWhole(t *testing.T) {
	t.Parallel()
	full := filled[core.Run]()
	answer := runOf(full)
	requireShown(t, full, answer, "Token", "Holder")
	requireSet(t, answer)
}

func TestNodeIsShownWhole(t *testing.T) {
	t.Parallel()
	full := filled[core.Node]()
	answer := nodeOf(full, now())
	requireShown(t, full, answer)
	requireSet(t, answer)
}

func TestBodies(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		response, body, base64 string
		truncated              bool
	}{
		{"plain", "plain", "", false},
		{"中文", "中文", "", false},
		{"cut 中\xe6\x96", "cut 中", "", true},
		{"cut \xf0\x9f\x98", "cut ", "", true},
		{"whole 中", "whole 中", "", true},
		{"not cut 中\xe6\x96", "", "not cut 中\xe6\x96", false},
		{"\x89PNG\x00", "", "\x89PNG\x00", false},
		{"\x89PNG\x00\xff", "", "\x89PNG\x00\xff", true},
	} {
		a := answerOf(&core.Result{Status: 200, Response: []byte(c.response), Truncated: c.truncated})
		require.Equal(t, c.body, a.Body, "%q", c.response)
		require.Equal(t, c.base64, string(a.BodyBase64), "%q", c.response)
		require.Equal(t, c.truncated, a.Truncated)
	}
	require.Nil(t, answerOf(&core.Result{}))
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	for ofCore, ofAPI := range map[int]*int{0: nil, -1: new(0), 5: new(5)} {
		require.Equal(t, ofAPI, callbackOf(&core.Callback{Redirects: ofCore}).Redirects)
		var v values
		require.Equal(t, ofCore, (&Callback{Redirects: ofAPI}).core(&v, nil).Redirects)
		require.NoError(t, v.err)
	}
	var v values
	(&Callback{Redirects: new(-1)}).core(&v, nil)
	require.EqualError(t, v.err, "callback.redirects: must be from 0 (follow none) to 20")
}
