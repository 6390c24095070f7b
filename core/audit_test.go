package core_test

import (
	"context"
	"encoding/json"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb/fill"
)

func TestAuthorGoesWithTheContext(t *testing.T) {
	t.Parallel()
	_, ok := core.AuthorOf(t.Context())
	require.False(t, ok)
	want := core.Author{UserID: 1, UserName: "ada", Address: "192.0.2.1", Via: core.ViaAPI}
	ctx := core.WithAuthor(t.Context(), want)
	got, ok := core.AuthorOf(context.WithoutCancel(ctx))
	require.True(t, ok)
	require.Equal(t, want, got)
}

func changedTask() *core.Task {
	return &core.Task{
		ID: "t", Title: "report", Kind: core.KindHTTP, State: core.TaskStopped, Version: 3, UpdatedAt: time.Now(), Stats: core.TaskStats{Runs: 7},
		Definition: core.Definition{
			Schedule: core.Schedule{Kind: core.ScheduleInterval, Interval: 90 * time.Second, Start: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)},
			Callback: &core.Callback{Method: "POST", URL: "http://key:word@example.org/x", Secret: "hush", Headers: []core.Header{{Name: "Authorization", Value: "Bearer x"}}},
			Params:   []core.Param{{Key: "a", Value: "1"}}, Executors: []string{"w1", "w2"}, Keepers: []int64{1},
		},
	}
}

func TestChangesOfAnEdit(t *testing.T) {
	t.Parallel()
	before, after := changedTask(), changedTask()
	require.Empty(t, core.Changes(before, after), "what is not the user's is no change")
	after.Title, after.Version, after.Schedule.Interval = "reports", 4, time.Hour
	after.Callback.Secret, after.Callback.URL = "shush", "http://key:other@example.org/y"
	after.Callback.Headers = []core.Header{{Name: "Authorization", Value: "Bearer y"}, {Name: "X-Y", Value: "z"}}
	after.Callback.Redirects, after.AtMostOnce, after.Params, after.Executors = 3, true, nil, []string{"w2"}
	require.Equal(t, []core.FieldChange{
		{Field: "title", Before: "report", After: "reports"},
		{Field: "version", Before: "3", After: "4"},
		{Field: "schedule.interval", Before: "1m30s", After: "1h0m0s"},
		{Field: "callback.url", Before: "http://***@example.org/x", After: "http://***@example.org/y"},
		{Field: "callback.headers[0].value", Before: "***", After: "***"},
		{Field: "callback.headers[1].name", After: "X-Y"},
		{Field: "callback.headers[1].value", After: "***"},
		{Field: "callback.redirects", Before: "0", After: "3"},
		{Field: "callback.secret", Before: "***", After: "***"},
		{Field: "executors", Before: "w1, w2", After: "w2"},
		{Field: "atMostOnce", Before: "false", After: "true"},
		{Field: "params[0].key", Before: "a"},
		{Field: "params[0].value", Before: "1"},
	}, core.Changes(before, after))
}

func TestChangesOfACreationAndADeletion(t *testing.T) {
	t.Parallel()
	k := changedTask()
	created, deleted := core.Changes(nil, k), core.Changes(k, nil)
	require.Contains(t, created, core.FieldChange{Field: "schedule.start", After: "2026-01-02T03:04:05Z"})
	require.Contains(t, created, core.FieldChange{Field: "callback.secret", After: "***"})
	require.NotContains(t, created, core.FieldChange{Field: "remark"})
	require.Len(t, deleted, len(created))
	for i, c := range created {
		require.Equal(t, core.FieldChange{Field: c.Field, Before: c.After}, deleted[i])
	}
	require.Nil(t, core.Changes(nil, nil))
}

func TestLongValuesAreCut(t *testing.T) {
	t.Parallel()
	k := changedTask()
	k.Remark = strings.Repeat("é", 5000)
	for _, c := range core.Changes(nil, k) {
		require.LessOrEqual(t, len([]rune(c.After)), 2001, c.Field)
	}
}

// A field that holds a secret, and is added one day, must not be forgotten here: no value of a field with such a name gets
// into the audit.
func TestNoSecretGetsIntoTheAudit(t *testing.T) {
	t.Parallel()
	secret := regexp.MustCompile(`(?i)secret|password|hash|^key$|token$`)
	seen := 0
	for _, v := range []any{new(core.Task), new(core.DelayedTask), new(core.User), new(core.APIToken), new(core.Traits)} {
		fill.Value(t, v)
		shown, err := json.Marshal(core.Changes(nil, v))
		require.NoError(t, err)
		var walk func(v reflect.Value)
		walk = func(v reflect.Value) {
			switch v.Kind() {
			case reflect.Pointer:
				walk(v.Elem())
			case reflect.Slice:
				for i := range v.Len() {
					walk(v.Index(i))
				}
			case reflect.Struct:
				for i := range v.NumField() {
					f := v.Type().Field(i)
					isKey := f.Name == "Key" && v.Type() == reflect.TypeFor[core.TLS]() || f.Name == "Value" && v.Type() == reflect.TypeFor[core.Header]()
					if f.IsExported() && f.Type.Kind() == reflect.String && (isKey || f.Name != "Key" && secret.MatchString(f.Name)) {
						seen++
						require.NotContains(t, string(shown), v.Field(i).String(), "%s.%s", v.Type(), f.Name)
					}
					if f.IsExported() && f.Type != reflect.TypeFor[time.Time]() {
						walk(v.Field(i))
					}
				}
			}
		}
		walk(reflect.ValueOf(v))
	}
	require.Greater(t, seen, 5)
}
