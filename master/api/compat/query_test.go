package compat_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

func TestQueryList(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.tasks.total = 12
	h.tasks.next = []time.Time{at("2026-06-02 02:00:00"), at("2026-06-03 02:00:00")}
	h.tasks.list = []*core.Task{
		{
			ID: taskID, Title: `每日 <"report">`, State: core.TaskRunning, CreatedAt: at("2026-05-01 09:00:00"),
			Definition: core.Definition{
				Schedule:  core.Schedule{Kind: core.ScheduleCron, Cron: "0 0 2 * * ?", Start: at("2026-05-31 00:00:00")},
				Executors: []string{"w1", "w2"},
			},
			Stats: core.TaskStats{Runs: 41, LastRunAt: at("2026-06-01 02:00:00").Add(12 * time.Millisecond)},
		},
		{ID: delayedID, Title: "once", State: core.TaskPaused, CreatedAt: at("2026-04-01 09:00:00"),
			Definition: core.Definition{Schedule: core.Schedule{Kind: core.ScheduleOnce}}},
	}
	w := h.get(t, "/api/task/QueryList?name=+rep%25&pageNumber=3&pageSize=5")
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, "application/json; charset=utf-8", w.Header().Get("Content-Type"))
	require.Equal(t, `{"total":12,"rows":[`+
		`{"Id":"`+taskID+`","Title":"每日 \u003c\"report\"\u003e","RunLoop":true,"StartDate":"2026-05-31 00:00:00",`+
		`"LastRunTime":"2026-06-01 02:00:00","NextRunTime":"2026-06-02 02:00:00","TotalRunCount":41,"Status":1,`+
		`"CreateTime":"2026-05-01 09:00:00","Executors":["w1","w2"]},`+
		`{"Id":"`+delayedID+`","Title":"once","RunLoop":false,"StartDate":null,"LastRunTime":null,"NextRunTime":null,"TotalRunCount":0,`+
		`"Status":2,"CreateTime":"2026-04-01 09:00:00","Executors":[]}]}`, w.Body.String())
	require.Equal(t, store.TaskFilter{Namespace: "default", Title: "rep%", Offset: 10, Limit: 5}, h.tasks.filter)

	h.get(t, "/api/task/querylist")
	require.Equal(t, store.TaskFilter{Namespace: "default", Limit: 1}, h.tasks.filter, "the defaults of ScheduleMaster")
}

func TestQueryListRefuses(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]answer{
		"pageNumber=0":       {Status: 5, Message: "pageNumber: must be a whole number from 1 to 1000000"},
		"PAGESIZE=1001":      {Status: 5, Message: "pageSize: must be a whole number from 1 to 1000"},
		"pageSize=all":       {Status: 3, Message: "pageSize: must be a whole number from 1 to 1000"},
		"pageNumber=9999999": {Status: 5, Message: "pageNumber: must be a whole number from 1 to 1000000"},
		"name=%ff":           {Status: 3, Message: "name: is not valid UTF-8"},
	} {
		want.Data = []byte("null")
		require.Equal(t, want, read(t, setup(t).get(t, "/api/task/querylist?"+query, english), http.StatusOK))
	}
	h := setup(t)
	h.tasks.err = core.Unavailable("this master is stopping")
	require.Equal(t, -2, read(t, h.get(t, "/api/task/querylist"), http.StatusOK).Status)
}

func TestQueryTaskDetail(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.tasks.next = []time.Time{at("2026-06-02 02:00:00")}
	h.tasks.saved = &core.Task{
		ID: taskID, Kind: core.KindPlugin, Title: "nightly", Remark: "why", State: core.TaskRunning,
		CreatedBy: 1, CreatedByName: "admin", CreatedAt: at("2026-05-01 09:00:00"),
		Definition: core.Definition{
			Schedule: core.Schedule{Kind: core.ScheduleCron, Cron: "0 0 2 * * ?", Start: at("2026-05-31 00:00:00"), End: at("2027-05-31 00:00:00")},
			Plugin:   &core.PluginCall{Package: "pkg", Task: "class"}, Params: []core.Param{{Key: "k", Value: "v"}},
		},
		Stats: core.TaskStats{Runs: 2, LastRunAt: at("2026-06-01 02:00:00")},
	}
	w := h.get(t, "/api/task/querytaskdetail?id="+taskID, english)
	require.Equal(t, `{"Success":true,"Status":1,"Message":"the task was found","Data":{"Id":"`+taskID+`","Title":"nightly","MetaType":1,`+
		`"Remark":"why","RunLoop":true,"CronExpression":"0 0 2 * * ?","AssemblyName":"pkg","ClassName":"class",`+
		`"CustomParamsJson":"[{\"ParamKey\":\"k\",\"ParamValue\":\"v\",\"ParamRemark\":\"\"}]","Status":1,`+
		`"StartDate":"2026-05-31 00:00:00","EndDate":"2027-05-31 00:00:00","CreateTime":"2026-05-01 09:00:00","CreateUserId":1,`+
		`"CreateUserName":"admin","LastRunTime":"2026-06-01 02:00:00","NextRunTime":"2026-06-02 02:00:00","TotalRunCount":2}}`, w.Body.String())

	h.tasks.saved = &core.Task{
		ID: taskID, Kind: core.KindHTTP, Title: "gone", State: core.TaskDeleted, CreatedAt: at("2026-05-01 09:00:00"),
		Definition: core.Definition{Schedule: core.Schedule{Kind: core.ScheduleOnce, Start: at("2026-05-31 00:00:00")}, Callback: &core.Callback{}},
	}
	w = h.get(t, "/api/Task/QueryTaskDetail?ID="+taskID)
	require.Equal(t, `{"Success":true,"Status":1,"Message":"请求数据成功","Data":{"Id":"`+taskID+`","Title":"gone","MetaType":2,`+
		`"Remark":null,"RunLoop":false,"CronExpression":null,"AssemblyName":null,"ClassName":null,"CustomParamsJson":"[]","Status":-1,`+
		`"StartDate":"2026-05-31 00:00:00","EndDate":null,"CreateTime":"2026-05-01 09:00:00","CreateUserId":0,"CreateUserName":"",`+
		`"LastRunTime":null,"NextRunTime":null,"TotalRunCount":0}}`, w.Body.String())
}

func TestQueryTaskDetailRefuses(t *testing.T) {
	t.Parallel()
	h := setup(t)
	for query, want := range map[string]answer{
		"":              {Status: 5, Message: "id: is required"},
		"?id=7":         {Status: 3, Message: "id: must be an id such as 01890a5d-ac96-774b-bcce-b302099a8057"},
		"?id=" + taskID: {Status: 4, Message: "there is no task " + taskID},
	} {
		want.Data = []byte("null")
		require.Equal(t, want, read(t, h.get(t, "/api/task/querytaskdetail"+query, english), http.StatusOK))
	}
}
