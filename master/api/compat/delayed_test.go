package compat_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

// delayed is the fields of a delayed task, with more or others in their place.
func delayed(more ...string) string {
	fields := map[string]string{
		"SourceApp": "app", "Topic": "topic", "ContentKey": "key", "DelayTimeSpan": "10", "DelayAbsoluteTime": "2026-06-01 13:00:00",
		"NotifyUrl": "http://sink/", "NotifyDataType": "application/json", "NotifyBody": "{}",
	}
	for i := 0; i < len(more); i += 2 {
		fields[more[i]] = more[i+1]
	}
	var all []string
	for name, value := range fields {
		all = append(all, name, value)
	}
	return encode(all...)
}

func TestCreateDelayed(t *testing.T) {
	t.Parallel()
	h := setup(t)
	a := h.post(t, "/api/delaytask/create", delayed("Executors[0]", "w1", "executors[1]", "w2", "IdempotencyKey", "ignored"), english)
	require.Equal(t, answer{Success: true, Status: 1, Message: "the delayed task was created", Data: []byte(`"` + delayedID + `"`)}, a)
	require.Equal(t, &core.DelayedTask{
		ID: delayedID, SourceApp: "app", Topic: "topic", ContentKey: "key", Due: now.Add(10 * time.Second),
		DelayedDefinition: core.DelayedDefinition{
			Callback:  core.Callback{Method: "POST", URL: "http://sink/", ContentType: "application/json", Body: "{}"},
			Executors: []string{"w1", "w2"},
		},
	}, h.delayed.created)
	require.Equal(t, int64(1), h.delayed.actor.ID)
}

func TestThePatternSaysWhichTimeCounts(t *testing.T) {
	t.Parallel()
	h := setup(t)
	require.True(t, h.post(t, "/api/delaytask/create", delayed("DelayTimeSpan", "0.5", "DelayAbsoluteTime", "never")).Success)
	require.Equal(t, now.Add(500*time.Millisecond), h.delayed.created.Due)

	h.settings.DelayPattern = core.DelayAbsolute
	require.True(t, h.post(t, "/api/delaytask/create", delayed("DelayTimeSpan", "soon")).Success)
	require.True(t, h.delayed.created.Due.Equal(at("2026-06-01 13:00:00")))
}

func TestBodiesOfDelayedTasks(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		contentType, body string
		wantBody          string
		wantForm          []core.Param
	}{
		{"application/json", " {\"a\":1}\n", " {\"a\":1}\n", nil},
		{"application/json; charset=utf-8", "not JSON, but what the target has been reading", "not JSON, but what the target has been reading", nil},
		{"application/json", "", "", nil},
		{"", "{}", "{}", nil},
		{"application/x-www-form-urlencoded", `[{"Key":"a","Value":"1"},{"key":"b","value":2}]`, "", []core.Param{{Key: "a", Value: "1"}, {Key: "b", Value: "2"}}},
		{"application/x-www-form-urlencoded", `[{"ParamKey":"a","ParamValue":"1"}]`, "", []core.Param{{Key: "a", Value: "1"}}},
		{"application/x-www-form-urlencoded", "", "", nil},
	} {
		h := setup(t)
		a := h.post(t, "/api/delaytask/create", delayed("NotifyDataType", row.contentType, "NotifyBody", row.body))
		require.True(t, a.Success, a.Message)
		require.Equal(t, row.wantBody, h.delayed.created.Callback.Body)
		require.Equal(t, row.wantForm, h.delayed.created.Callback.Form)
	}
}

func TestDelayedFieldsThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		field, value string
		status       int
		want         string
	}{
		{"SourceApp", "", 5, "SourceApp: is required"},
		{"SourceApp", strings.Repeat("源", 51), 5, "SourceApp: has 51 characters; at most 50 are allowed"},
		{"Topic", " ", 5, "Topic: is required"},
		{"ContentKey", strings.Repeat("k", 101), 5, "ContentKey: has 101 characters; at most 100 are allowed"},
		{"DelayTimeSpan", "", 5, "DelayTimeSpan: is required"},
		{"DelayTimeSpan", "0", 5, "DelayTimeSpan: must be a number of seconds above 0"},
		{"DelayTimeSpan", "-10", 5, "DelayTimeSpan: must be a number of seconds above 0"},
		{"DelayTimeSpan", "ten", 3, "DelayTimeSpan: must be a number of seconds above 0"},
		{"DelayTimeSpan", "6000000000", 5, "DelayTimeSpan: must lie in the years 1970 to 2199"},
		{"DelayTimeSpan", "60000000000", 5, "DelayTimeSpan: must lead to an instant before the year 2200"},
		{"NotifyUrl", "", 5, "NotifyUrl: is required"},
		{"NotifyUrl", "sink/path", 3, "NotifyUrl: must be an absolute http or https URL"},
		{"NotifyDataType", "json", 5, "NotifyDataType: must be application/json or application/x-www-form-urlencoded"},
		{"NotifyBody", strings.Repeat("x", 256<<10+1), 5, "NotifyBody: has 262145 bytes; at most 262144 are allowed"},
		{"NotifyBody", "a\xff", 3, "NotifyBody: is not valid UTF-8"},
		{"Executors[]", "", 1, "the delayed task was created"},
	} {
		h := setup(t)
		a := h.post(t, "/api/delaytask/create", delayed(row.field, row.value), english)
		require.Equal(t, row.want, a.Message)
		require.Equal(t, row.status, a.Status, row.want)
	}
	h := setup(t)
	require.Equal(t, `NotifyBody: must be a JSON list such as [{"ParamKey":"a","ParamValue":"b"}]`,
		h.post(t, "/api/delaytask/create", delayed("NotifyDataType", "application/x-www-form-urlencoded", "NotifyBody", "a=b"), english).Message)

	h.settings.DelayPattern = core.DelayAbsolute
	require.Equal(t, "DelayAbsoluteTime: is required", h.post(t, "/api/delaytask/create", delayed("DelayAbsoluteTime", ""), english).Message)
	require.Equal(t, "DelayAbsoluteTime：必须在 1970 年到 2199 年之间", h.post(t, "/api/delaytask/create", delayed("DelayAbsoluteTime", "2200-02-01")).Message)
	require.Equal(t, 3, h.post(t, "/api/delaytask/create", delayed("DelayAbsoluteTime", "1/2/2026")).Status)
}

func TestDelayedRefusalsNameTheFormsFields(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.delayed.err = core.Broken("executors", "there is no worker named %q: a worker must have joined once before it can be named", "w9")
	require.Equal(t, answer{Status: 5, Message: `Executors：没有名为 "w9" 的工作节点，工作节点至少要加入过一次才能被指定`, Data: []byte("null")},
		h.post(t, "/api/delaytask/create", delayed("Executors", "w9")))
}
