package ui

import (
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

// fillAll gives every field of a value a value of its own.
func fillAll(v reflect.Value, n *int) {
	*n++
	switch v.Type() {
	case reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Date(2027, 1, 2, 3, 4, 5, 678_901_000, time.UTC).Add(time.Duration(*n) * time.Hour)))
		return
	case reflect.TypeFor[time.Duration]():
		v.SetInt(int64(time.Duration(*n)*time.Second + 5*time.Millisecond))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("text %d", *n))
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Float64:
		v.SetFloat(float64(*n) / 1000)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fillAll(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			fillAll(v.Index(i), n)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fillAll(v.Field(i), n)
		}
	default:
		panic("fillAll cannot do " + v.Kind().String())
	}
}

// What a task says is what is read out of the form that it fills: nothing is lost on the way.
func TestTaskFormKeepsEverything(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	for _, change := range []func(*core.Task){
		func(k *core.Task) {
			k.Kind, k.Plugin, k.Schedule.Kind, k.Schedule.Interval = core.KindHTTP, nil, core.ScheduleCron, 0
		},
		func(k *core.Task) {
			k.Kind, k.Callback, k.Schedule.Kind, k.Schedule.Cron = core.KindPlugin, nil, core.ScheduleInterval, ""
		},
		func(k *core.Task) {
			k.Kind, k.Plugin, k.Schedule.Kind, k.Schedule.Cron, k.Schedule.Interval = core.KindHTTP, nil, core.ScheduleOnce, "", 0
			k.Overlap, k.OverlapWaiting, k.Misfire, k.MisfireCatchUp = core.OverlapForbid, 0, core.MisfireSkip, 0
			k.Retry.Backoff, k.Routing.Strategy = core.BackoffFixed, ""
			k.Callback.Redirects, k.Callback.Body, k.Callback.Success.Contains = -1, "\r\nline\r\nline\n", "two\nlines"
			k.Params[0].Value, k.Remark = "", "of\r\nlines"
			// The second showing of a time that the clock shows twice.
			k.Schedule.Zone, k.Schedule.Start = "Europe/Berlin", time.Date(2026, 10, 25, 1, 30, 0, 7000, time.UTC)
		},
	} {
		var k core.Task
		n := 0
		fillAll(reflect.ValueOf(&k.Definition).Elem(), &n)
		k.Title, k.Remark = "a title", "a remark"
		k.Overlap, k.Misfire, k.Schedule.Zone = core.OverlapQueue, core.MisfireCatchUp, ""
		change(&k)
		// Browsers send lines ended by \r\n.
		sent := fillTask(&k, berlin)
		for _, values := range sent.values {
			for i, v := range values {
				values[i] = strings.ReplaceAll(strings.ReplaceAll(v, "\r\n", "\n"), "\n", "\r\n")
			}
		}
		got, err := readTask(sent, &k, berlin)
		require.NoError(t, err)
		require.Equal(t, k, *got)
	}
}

func TestTaskFormRefuses(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	for field, value := range map[string]string{
		"callback.timeout": "soon", "callback.redirects": "-1", "retry.count": "many", "retry.jitter": "x", "schedule.start": "tomorrow",
		"schedule.end": "2026-03-29T02:30", "callback.secret": core.Masked, "callback.tls.key": core.Masked, "keepers": "ada", "misfireAfter": "10",
	} {
		f := newForm("kind", "http", "schedule.kind", "cron", field, value)
		_, err := readTask(f, nil, berlin)
		require.Error(t, err, field)
		require.True(t, f.takes(err), field)
		require.Equal(t, field, f.refuse.Field)
	}
}

func TestRowsOfParameters(t *testing.T) {
	t.Parallel()
	f := &form{values: url.Values{
		"params.key":    {"", "given", "empty", "offered", "accepted"},
		"params.value":  {"", "1", "", "", ""},
		"params.remark": {"", "", "", "", ""},
		"params.row":    {rowPlain, rowOffered, rowPlain, rowOffered, rowAccepted},
	}}
	r := taskReader{form: f}
	require.Equal(t, []core.Param{{Key: "given", Value: "1"}, {Key: "empty"}, {Key: "accepted"}}, r.rows("params"))
}

func TestShortDuration(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		time.Hour: "1h", 90 * time.Second: "1m30s", 10 * time.Minute: "10m", time.Hour + 10*time.Second: "1h0m10s", 250 * time.Millisecond: "250ms",
		10 * time.Hour: "10h", time.Hour + 20*time.Minute: "1h20m", 10 * time.Second: "10s",
	} {
		require.Equal(t, want, shortDuration(d))
		back, err := time.ParseDuration(want)
		require.NoError(t, err)
		require.Equal(t, d, back)
	}
}

func TestBodyFault(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]*bodyFault{
		`{"a": 1}`: nil,
		`{"a": {{run.id}}, "b": "{{ parent.result }}"}`: nil,
		"{\n  \"a\": tru\n}":                            {Line: 2, Column: 11, Found: "\n"},
		"{\n  \"名\": x\n}":                              {Line: 2, Column: 8, Found: "x"},
		`{"a": [1, 2}`:                                  {Line: 1, Column: 12, Found: "}"},
		`{"a": `:                                        {Line: 1, Column: 7, Short: true},
		"{\"a\": 1}\n{":                                 {Line: 2, Column: 1, Found: "{"},
		`{"a": "` + "\t" + `"}`:                         {Line: 1, Column: 8, Found: "\t"},
		`{"a": {{nobody.knows.it()}`:                    {Line: 1, Column: 8, Found: "{"},
	} {
		require.Equal(t, want, faultIn(body), body)
	}
	require.True(t, looksLikeJSON("application/problem+JSON; charset=utf-8", "x"))
	require.True(t, looksLikeJSON("", " [1"))
	require.False(t, looksLikeJSON("text/plain", "{}"))
	require.False(t, looksLikeJSON("application/json", " "))
}

func TestIndented(t *testing.T) {
	t.Parallel()
	got, err := indented(`{"n":12345678901234567890.10,"id":{{run.id}},"text":"{{run.due}} 1","list":[]}`)
	require.NoError(t, err)
	require.Equal(t, "{\n  \"n\": 12345678901234567890.10,\n  \"id\": {{run.id}},\n  \"text\": \"{{run.due}} 1\",\n  \"list\": []\n}", got)
	_, err = indented("{")
	require.Error(t, err)
}

func TestBuilder(t *testing.T) {
	t.Parallel()
	// What is chosen first has something to begin with.
	for rhythm, want := range map[string]string{
		"seconds": "* * * * * ?", "minutes": "0 * * * * ?", "hours": "0 0 * * * ?", "day": "0 0 3 * * ?", "week": "0 0 3 ? * MON",
		"month": "0 0 3 1 * ?", "year": "0 0 3 1 1 ?", "": "0 0 4 L-3 * ?",
	} {
		f := newForm("schedule.cron", "0 0 4 L-3 * ?", "builder.rhythm", rhythm)
		require.NoError(t, f.build(), rhythm)
		require.Equal(t, want, f.Value("schedule.cron"))
	}
	f := newForm("schedule.cron", "0 30 8,18 ? * FRI#2")
	f.readBuilder()
	require.Equal(t, "month", f.Value("builder.rhythm"))
	require.Equal(t, "08:30, 18:30", f.Value("builder.times"))
	f.set("builder.nth", "0", "builder.times", "9：15")
	require.NoError(t, f.build())
	require.Equal(t, "0 15 9 ? * FRIL", f.Value("schedule.cron"))
	for name, value := range map[string]string{"times": "noon", "days": "first", "step": "x", "nth": "9"} {
		g := newForm("schedule.cron", "0 0 3 * * ?", "builder.rhythm", "month", "builder.on", "nth", "builder."+name, value)
		require.True(t, g.takes(g.build()), name)
		require.Equal(t, builderField, g.refuse.Field)
		require.Equal(t, "0 0 3 * * ?", g.Value("schedule.cron"))
	}
}
