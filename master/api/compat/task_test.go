package compat_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/manage"
)

// httpTask is the fields of an HTTP task, with more or others in their place.
func httpTask(more ...string) string {
	fields := map[string]string{
		"MetaType": "2", "Title": "t", "RunLoop": "true", "CronExpression": "0 0 2 * * ?", "StartDate": "2026-05-31 00:00:00",
		"HttpRequestUrl": "http://sink/", "HttpMethod": "POST", "HttpContentType": "application/json",
	}
	var added []string
	for i := 0; i < len(more); i += 2 {
		if _, ok := fields[more[i]]; ok {
			fields[more[i]] = more[i+1]
		} else {
			added = append(added, more[i], more[i+1])
		}
	}
	for name, value := range fields {
		added = append(added, name, value)
	}
	return encode(added...)
}

func at(text string) time.Time {
	when, err := time.ParseInLocation("2006-01-02 15:04:05", text, shanghai)
	if err != nil {
		panic(err)
	}
	return when
}

func TestCreateReadsEveryField(t *testing.T) {
	t.Parallel()
	h := setup(t)
	a := h.post(t, "/api/task/create", httpTask(
		"EndDate", "2027-01-01T00:00:00Z", "Remark", "why", "Keepers[0]", "1", "Keepers[1]", "7",
		"Nexts", "0198C1B2-7D1E-7000-8000-000000000001", "nexts", "{0198c1b2-7d1e-7000-8000-000000000002}",
		"Executors[0]", "w1", "RunNow", "True", "Unknown", "ignored", "Id", "ignored too",
		"HttpHeaders", `[{"paramKey":"X-A","paramValue":"1","paramRemark":"r"},{"ParamKey":"sm-timeout","ParamValue":"2.5"}]`,
		"HttpBody", `{"a":1}`, "Params[0].ParamKey", "k", "Params[0].ParamValue", "v", "AssemblyName", "ignored"))
	require.True(t, a.Success, a.Message)
	require.JSONEq(t, `"`+taskID+`"`, string(a.Data))
	require.True(t, h.tasks.start)
	start, end := h.tasks.task.Schedule.Start, h.tasks.task.Schedule.End
	require.True(t, at("2026-05-31 00:00:00").Equal(start))
	require.True(t, time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC).Equal(end))
	require.Equal(t, &core.Task{
		ID: taskID, Kind: core.KindHTTP, Title: "t", Remark: "why",
		Definition: core.Definition{
			Schedule: core.Schedule{Kind: core.ScheduleCron, Cron: "0 0 2 * * ?", Start: start, End: end},
			Callback: &core.Callback{
				Method: "POST", URL: "http://sink/", ContentType: "application/json", Body: `{"a":1}`,
				Headers: []core.Header{{Name: "X-A", Value: "1", Remark: "r"}, {Name: "sm-timeout", Value: "2.5"}},
			},
			Params:    []core.Param{{Key: "k", Value: "v"}},
			Children:  []string{"0198c1b2-7d1e-7000-8000-000000000001", "0198c1b2-7d1e-7000-8000-000000000002"},
			Keepers:   []int64{1, 7},
			Executors: []string{"w1"},
		},
	}, h.tasks.task)
	require.NoError(t, h.tasks.task.Validate())
}

func TestCreateSaysHowTheStartWent(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.tasks.unknown = []int64{5, 7}
	fields := httpTask("RunNow", "true")
	require.Equal(t, "任务创建成功！启动状态为：成功（以下监护人 id 没有对应的用户：5, 7）", h.post(t, "/api/task/create", fields).Message)
	require.Equal(t, "the task was created (no user has these keeper ids: 5, 7)", h.post(t, "/api/task/create", httpTask(), english).Message)

	h.tasks.unknown = nil
	h.tasks.err = &manage.StartError{Err: core.Broken("schedule.end", "has passed")}
	a := h.post(t, "/api/task/create", fields, english)
	require.True(t, a.Success, "the task is there")
	require.Equal(t, "the task was created, but not started: EndDate: has passed", a.Message)
	require.JSONEq(t, `"`+taskID+`"`, string(a.Data))
	require.Equal(t, "任务创建成功！启动状态为：失败（EndDate：已经过去）", h.post(t, "/api/task/create", fields).Message)

	h.tasks.err = &manage.StartError{Err: errors.New("disk full")}
	a = h.post(t, "/api/task/create", fields, english)
	require.True(t, a.Success)
	require.NotContains(t, a.Message, "disk")
	require.Contains(t, h.log.String(), "disk full")
}

func TestAOnceTaskNeedsNoCron(t *testing.T) {
	t.Parallel()
	h := setup(t)
	for _, loop := range []string{"false", "False", "", "0"} {
		require.True(t, h.post(t, "/api/task/create", httpTask("RunLoop", loop)).Success)
		require.Equal(t, core.ScheduleOnce, h.tasks.task.Schedule.Kind)
		require.Empty(t, h.tasks.task.Schedule.Cron)
		require.NoError(t, h.tasks.task.Validate())
	}
}

func TestBodiesOfHTTPTasks(t *testing.T) {
	t.Parallel()
	form := []core.Param{{Key: "a", Value: "1"}}
	for _, row := range []struct {
		contentType, body string
		wantBody          string
		wantForm          []core.Param
	}{
		{"application/json", "", "", nil},
		{"application/json", ` [1, 2]`, " [1, 2]", nil},
		{"application/json; charset=utf-8", `"x"`, `"x"`, nil},
		{"Application/JSON", `{"r":{{parent.result}},"n":[{{ run.id }}]}`, `{"r":{{parent.result}},"n":[{{ run.id }}]}`, nil},
		{"", `{}`, `{}`, nil},
		{"application/x-www-form-urlencoded", "", "", nil},
		{"application/x-www-form-urlencoded", `[{"ParamKey":"a","ParamValue":"1"}]`, "", form},
		{"application/x-www-form-urlencoded;charset=UTF-8", `[{"Key":"a","Value":1}]`, "", form},
	} {
		h := setup(t)
		a := h.post(t, "/api/task/create", httpTask("HttpContentType", row.contentType, "HttpBody", row.body))
		require.True(t, a.Success, a.Message)
		require.Equal(t, row.wantBody, h.tasks.task.Callback.Body)
		require.Equal(t, row.wantForm, h.tasks.task.Callback.Form)
	}
}

func TestTaskFieldsThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		field, value string
		status       int
		want         string
	}{
		{"MetaType", "", 5, "MetaType: must be 1 (plugin) or 2 (HTTP)"},
		{"MetaType", "3", 5, "MetaType: must be 1 (plugin) or 2 (HTTP)"},
		{"RunLoop", "yes", 3, "RunLoop: must be true or false"},
		{"RunNow", "2", 3, "RunNow: must be true or false"},
		{"StartDate", "", 5, "StartDate: is required"},
		{"StartDate", "31/05/2026", 3, "StartDate: must be a time such as 2026-01-31 08:30:00"},
		{"EndDate", "tomorrow", 3, "EndDate: must be a time such as 2026-01-31 08:30:00"},
		{"HttpContentType", "text/xml", 5, "HttpContentType: must be application/json or application/x-www-form-urlencoded"},
		{"HttpHeaders", "X-A: 1", 3, `HttpHeaders: must be a JSON list such as [{"ParamKey":"a","ParamValue":"b"}]`},
		{"HttpHeaders", `[{"ParamKey":"SM-Timeout","ParamValue":"0"}]`, 5, "HttpHeaders: the value of SM-Timeout must be a number of seconds above 0"},
		{"HttpHeaders", `[{"ParamKey":"sm-timeout","ParamValue":"-1"}]`, 5, "HttpHeaders: the value of sm-timeout must be a number of seconds above 0"},
		{"HttpHeaders", `[{"ParamKey":"sm-timeout","ParamValue":"10s"}]`, 5, "HttpHeaders: the value of sm-timeout must be a number of seconds above 0"},
		{"HttpHeaders", `[{"ParamKey":"sm-timeout","ParamValue":""}]`, 5, "HttpHeaders: the value of sm-timeout must be a number of seconds above 0"},
		{"HttpBody", "{a:1}", 3, "HttpBody: is not valid JSON"},
		{"HttpBody", `{"a":{{x}`, 3, "HttpBody: is not valid JSON"},
		{"CustomParamsJson", "{}", 3, `CustomParamsJson: must be a JSON list such as [{"ParamKey":"a","ParamValue":"b"}]`},
		{"Params[x].ParamKey", "a", 3, "Params[x].ParamKey: the index must be a whole number from 0 to 9999"},
		{"Keepers", "admin", 3, `Keepers: "admin" is not the id of a user: give whole numbers, each in a field of its own`},
		{"keepers[3]", "1,2", 3, `keepers[3]: "1,2" is not the id of a user: give whole numbers, each in a field of its own`},
		{"Nexts", "7", 3, "Nexts: must be an id such as 01890a5d-ac96-774b-bcce-b302099a8057"},
		{"Title", "a\xffb", 3, "Title: is not valid UTF-8"},
		{"Whatever", "a\x00b", 3, "Whatever: holds a NUL character"},
	} {
		h := setup(t)
		a := h.post(t, "/api/task/create", httpTask(row.field, row.value), english)
		require.Equal(t, row.want, a.Message)
		require.Equal(t, row.status, a.Status, row.want)
		require.Empty(t, h.tasks.did)
	}
}

// What the service refuses is told with the form's names.
func TestServiceRefusalsNameTheFormsFields(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.tasks.err = core.Broken("params", "is required")
	require.Equal(t, "CustomParamsJson: is required",
		h.post(t, "/api/task/create", httpTask("CustomParamsJson", `[{"ParamValue":"x"}]`), english).Message)
	require.Equal(t, "Params: is required",
		h.post(t, "/api/task/create", httpTask("Params[0].ParamValue", "x"), english).Message)

	h.tasks.err = core.Malformed("schedule.cron", "%s is %q, want %s", "day of week", "MON", "?: write \"x\" (exactly one of the two day fields is ?)")
	require.Equal(t, `CronExpression：“周”字段是 "MON"，正确写法：?，即 "x"（“日”“周”两个字段必须有且只有一个为 ?）`,
		h.post(t, "/api/task/create", httpTask()).Message)

	h.tasks.err = core.Broken("children[2]", "there is no task %q", "x")
	require.Equal(t, `Nexts[2]: there is no task "x"`, h.post(t, "/api/task/create", httpTask(), english).Message)
	h.tasks.err = core.Broken("retry.count", "must be from 0 to %d", 100)
	require.Equal(t, "retry.count: must be from 0 to 100", h.post(t, "/api/task/create", httpTask(), english).Message)
}

func TestEditReplacesWhatTheFormSays(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.tasks.saved = &core.Task{
		ID: taskID, Namespace: "default", Kind: core.KindHTTP, Title: "old", Remark: "old", Version: 4, State: core.TaskStopped,
		Definition: core.Definition{
			Schedule: core.Schedule{Kind: core.ScheduleInterval, Interval: time.Minute, Zone: "Europe/Berlin", Start: now, End: now},
			Callback: &core.Callback{
				Method: "PUT", URL: "http://old/", Headers: []core.Header{{Name: "X-Old", Value: "1"}}, Body: "{}", Secret: "s",
				Timeout: time.Minute, Success: core.SuccessRule{Contains: "ok"},
			},
			Params: []core.Param{{Key: "old"}}, Children: []string{"x"}, Keepers: []int64{9}, Executors: []string{"old"},
			Retry: core.RetryPolicy{Count: 2}, Overlap: core.OverlapAllow,
		},
	}
	a := h.post(t, "/api/task/edit", httpTask("Id", taskID, "Title", "new"), english)
	require.Equal(t, answer{Success: true, Status: 1, Message: "the task was edited", Data: []byte("null")}, a)
	got := h.tasks.task
	require.Equal(t, &core.Task{
		ID: taskID, Namespace: "default", Kind: core.KindHTTP, Title: "new", Version: 4, State: core.TaskStopped,
		Definition: core.Definition{
			Schedule: core.Schedule{Kind: core.ScheduleCron, Cron: "0 0 2 * * ?", Zone: "Europe/Berlin", Start: got.Schedule.Start},
			Callback: &core.Callback{
				Method: "POST", URL: "http://sink/", ContentType: "application/json", Secret: "s", Timeout: time.Minute,
				Success: core.SuccessRule{Contains: "ok"},
			},
			Retry: core.RetryPolicy{Count: 2}, Overlap: core.OverlapAllow,
		},
	}, got)
	require.Equal(t, "http://old/", h.tasks.saved.Callback.URL, "what was read is not changed")

	a = h.post(t, "/api/task/edit", httpTask("Id", taskID, "HttpHeaders", `[{"ParamKey":"sm-timeout","ParamValue":"3"}]`))
	require.True(t, a.Success)
	require.Zero(t, h.tasks.task.Callback.Timeout, "the header counts")

	a = h.post(t, "/api/task/edit", encode("Id", taskID, "MetaType", "1", "Title", "p", "StartDate", "2026-06-02", "AssemblyName", "pkg", "ClassName", "c"))
	require.True(t, a.Success)
	require.Equal(t, core.KindPlugin, h.tasks.task.Kind)
	require.Nil(t, h.tasks.task.Callback)
	require.Equal(t, &core.PluginCall{Package: "pkg", Task: "c"}, h.tasks.task.Plugin)
}

// The form names executors or none; what the JSON API said of routing gives way where it does not agree.
func TestExecutorsOfTheFormGoBeforeRouting(t *testing.T) {
	t.Parallel()
	h := setup(t)
	for _, c := range []struct {
		saved, edited core.Routing
		form          string
	}{
		{core.Routing{Strategy: core.RouteRandom, Label: "gpu"}, core.Routing{Strategy: core.RouteRandom}, httpTask("Id", taskID, "Executors", "w1")},
		{core.Routing{Strategy: core.RouteRandom, Label: "gpu"}, core.Routing{Strategy: core.RouteRandom, Label: "gpu"}, httpTask("Id", taskID)},
		{core.Routing{Strategy: core.RouteRandom, Strict: true}, core.Routing{Strategy: core.RouteRandom}, httpTask("Id", taskID)},
		{core.Routing{Strict: true}, core.Routing{Strict: true}, httpTask("Id", taskID, "Executors", "w1")},
	} {
		h.tasks.saved = &core.Task{ID: taskID, Kind: core.KindHTTP, State: core.TaskStopped, Definition: core.Definition{Routing: c.saved}}
		require.True(t, h.post(t, "/api/task/edit", c.form).Success)
		require.Equal(t, c.edited, h.tasks.task.Routing)
	}
}

func TestEditsThatAreRefused(t *testing.T) {
	t.Parallel()
	h := setup(t)
	require.Equal(t, answer{Status: 5, Message: "Id: is required", Data: []byte("null")}, h.post(t, "/api/task/edit", httpTask(), english))
	require.Equal(t, 3, h.post(t, "/api/task/edit", httpTask("Id", "7")).Status)
	require.Equal(t, answer{Status: 4, Message: "there is no task " + taskID, Data: []byte("null")},
		h.post(t, "/api/task/edit", httpTask("Id", taskID), english))

	h.tasks.saved = &core.Task{ID: taskID, State: core.TaskRunning}
	h.tasks.err = core.Conflict("the task is %s: only a stopped task can be edited", core.TaskRunning)
	require.Equal(t, answer{Message: "任务当前状态为“运行中”，在停止状态下才能编辑", Data: []byte("null")},
		h.post(t, "/api/task/edit", httpTask("Id", taskID)))
	require.Equal(t, 3, h.post(t, "/api/task/edit", httpTask("Id", taskID, "StartDate", "x")).Status)
}

func TestMoves(t *testing.T) {
	t.Parallel()
	for action, done := range map[string][2]string{
		"start":   {"任务启动成功!", "the task was started"},
		"pause":   {"任务暂停成功!", "the task was paused"},
		"resume":  {"任务恢复成功!", "the task was resumed"},
		"stop":    {"任务已停止运行!", "the task was stopped"},
		"runonce": {"任务运行成功!", "the task is being run once"},
	} {
		h := setup(t)
		path := "/api/task/" + action
		require.Equal(t, done[0], h.post(t, path, "id="+taskID).Message)
		require.Equal(t, done[1], h.post(t, path, "ID="+taskID, english).Message)
		require.True(t, h.post(t, path+"?id="+taskID, "").Success, "in the query string")
		require.Equal(t, []string{action + " " + taskID + " by admin", action + " " + taskID + " by admin", action + " " + taskID + " by admin"}, h.tasks.did)

		require.Equal(t, "id: is required", h.post(t, path, "x=1", english).Message)
		require.Equal(t, 3, h.post(t, path, "id=all").Status)
		h.tasks.err = core.NotFound("there is no task %s", taskID)
		require.Equal(t, 4, h.post(t, path, "id="+taskID).Status)
		h.tasks.err = core.Conflict("the task was changed by somebody else meanwhile: look again")
		require.Equal(t, answer{Message: "任务同时被他人修改，请刷新后重试", Data: []byte("null")}, h.post(t, path, "id="+taskID))
		require.Equal(t, -1, read(t, h.send(t, http.MethodGet, path+"?id="+taskID, "", ""), http.StatusOK).Status)
	}
}
