package compat_test

import (
	"maps"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/api/compat"
)

func TestReadTask(t *testing.T) {
	t.Parallel()
	shanghai := time.FixedZone("", 8*3600)
	fields := url.Values{
		"MetaType": {"2"}, "Title": {" 夜间报表 "}, "RunLoop": {"true"}, "CronExpression": {"0 0 2 * * ?"}, "StartDate": {"2020-05-13 09:25:48"},
		"Keepers": {"1", "3"}, "Executors": {"w1"}, "HttpMethod": {"post"}, "HttpRequestUrl": {"http://h/x?a=b&c=%20"},
		"HttpHeaders": {`[{"ParamKey":"sm-timeout","ParamValue":"30"}]`}, "HttpBody": {"{\"a\": \"b&c=d+e\"}"},
	}
	got, err := compat.ReadTask(fields, shanghai)
	require.NoError(t, err)
	require.Equal(t, " 夜间报表 ", got.Title)
	require.Equal(t, core.Schedule{Kind: core.ScheduleCron, Cron: "0 0 2 * * ?", Start: time.Date(2020, 5, 13, 9, 25, 48, 0, shanghai)}, got.Schedule)
	require.Equal(t, []int64{1, 3}, got.Keepers)
	require.Equal(t, []string{"w1"}, got.Executors)
	require.Equal(t, "POST", got.Callback.Method)
	require.Equal(t, "http://h/x?a=b&c=%20", got.Callback.URL, "values are not decoded again")
	require.Equal(t, "{\"a\": \"b&c=d+e\"}", got.Callback.Body)
	require.Equal(t, []core.Header{{Name: "sm-timeout", Value: "30"}}, got.Callback.Headers)

	for want, change := range map[string]func(url.Values){
		"CronExpression: is required":           func(f url.Values) { f.Del("CronExpression") },
		"StartDate: must be a time":             func(f url.Values) { f.Set("StartDate", "13/05/2020") },
		"HttpBody: is not valid JSON":           func(f url.Values) { f.Set("HttpBody", "a=b") },
		"HttpRequestUrl: must be an absolute":   func(f url.Values) { f.Set("HttpRequestUrl", "/x") },
		"Title: has 201 characters":             func(f url.Values) { f.Set("Title", strings.Repeat("题", 201)) },
		"Remark: holds a NUL character":         func(f url.Values) { f.Set("Remark", "a\x00") },
		"MetaType: must be 1 (plugin) or 2":     func(f url.Values) { f.Set("MetaType", "3") },
		"HttpHeaders: must be a JSON list such": func(f url.Values) { f.Set("HttpHeaders", "{") },
	} {
		spoilt := maps.Clone(fields)
		change(spoilt)
		_, err := compat.ReadTask(spoilt, shanghai)
		require.ErrorContains(t, err, want)
	}
}

func TestReadDelayed(t *testing.T) {
	t.Parallel()
	got, err := compat.ReadDelayed(url.Values{
		"SourceApp": {"shop"}, "Topic": {"order"}, "ContentKey": {"1"}, "NotifyUrl": {"http://h/x"},
		"NotifyDataType": {"application/x-www-form-urlencoded"}, "NotifyBody": {`[{"Key":"a","Value":"b"}]`}, "Executors": {"w1", "w2"},
	})
	require.NoError(t, err)
	require.Equal(t, "POST", got.Callback.Method)
	require.Equal(t, []core.Param{{Key: "a", Value: "b"}}, got.Callback.Form)
	require.Empty(t, got.Callback.Body)
	require.Equal(t, []string{"w1", "w2"}, got.Executors)
	_, err = compat.ReadDelayed(url.Values{"NotifyDataType": {"text/plain"}})
	require.ErrorContains(t, err, "NotifyDataType: must be")
	got.SourceApp = ""
	require.ErrorContains(t, compat.InDelayedForm(got.Validate()), "SourceApp: is required")
}
