package rpc

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/carillonhq/carillon/core"
)

// fill gives every field under v a value of its own.
func fill(t *testing.T, v reflect.Value, n *int) {
	t.Helper()
	*n++
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.UnixMicro(1_700_000_000_000_000 + int64(*n)).UTC()))
		return
	case time.Duration:
		v.SetInt(int64(*n) * int64(time.Millisecond))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("text " + time.Duration(*n).String())
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Uint8:
		v.SetUint(uint64(*n))
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(t, v.Index(i), n)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i), n)
		}
	default:
		require.Fail(t, "a field of a kind this test does not know", v.Kind().String())
	}
}

// requireSame compares field by field, so that a forgotten one fails by name.
func requireSame(t *testing.T, want, got reflect.Value, path string) {
	t.Helper()
	if _, isTime := want.Interface().(time.Time); !isTime && want.Kind() == reflect.Struct {
		for i := range want.NumField() {
			requireSame(t, want.Field(i), got.Field(i), path+"."+want.Type().Field(i).Name)
		}
		return
	}
	require.Equal(t, want.Interface(), got.Interface(), path)
}

func TestOutcomeTravelsWhole(t *testing.T) {
	t.Parallel()
	var want core.Outcome
	n := 0
	fill(t, reflect.ValueOf(&want).Elem(), &n)
	bytes, err := proto.Marshal(ToOutcome(&want))
	require.NoError(t, err)
	var m Outcome
	require.NoError(t, proto.Unmarshal(bytes, &m))
	got := FromOutcome(&m)
	requireSame(t, reflect.ValueOf(want), reflect.ValueOf(got), "Outcome")
}

func TestEmptyOutcomeStaysEmpty(t *testing.T) {
	t.Parallel()
	require.Equal(t, core.Outcome{}, FromOutcome(ToOutcome(&core.Outcome{})))
	require.Nil(t, ToLines(nil))
	require.Nil(t, FromLines(nil))
}

func TestLinesTravelWhole(t *testing.T) {
	t.Parallel()
	var want []core.LogLine
	n := 0
	fill(t, reflect.ValueOf(&want).Elem(), &n)
	got := FromLines(ToLines(want))
	require.Len(t, got, len(want))
	for i := range want {
		requireSame(t, reflect.ValueOf(want[i]), reflect.ValueOf(got[i]), "LogLine")
	}
}

func TestInstants(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		at   time.Time
		us   int64
	}{
		{"zero", time.Time{}, 0},
		{"a microsecond after the epoch", time.Unix(0, 1000).UTC(), 1},
		{"before the epoch", time.Unix(-1, 0).UTC(), -1_000_000},
		{"the last year", time.Date(2199, 12, 31, 23, 59, 59, 999_999_000, time.UTC), 7_258_118_399_999_999},
	} {
		require.Equal(t, tc.us, Micros(tc.at), tc.name)
		require.Equal(t, tc.at, Instant(tc.us), tc.name)
	}
	berlin := time.FixedZone("", 3600)
	require.Equal(t, time.Date(2026, 1, 1, 0, 0, 0, 1000, time.UTC), Instant(Micros(time.Date(2026, 1, 1, 1, 0, 0, 1999, berlin))), "UTC, whole microseconds")
	require.True(t, Instant(0).IsZero())
}
