package e2e

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

// matches holds a text against a pattern, byte for byte but for an id where <guid> stands and a time where <time> does. It
// gives the first of these.
func matches(t *testing.T, pattern, text string) string {
	t.Helper()
	expr := strings.NewReplacer(
		"<guid>", `([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})`, "<time>", `(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)`,
	).Replace(regexp.QuoteMeta(pattern))
	found := regexp.MustCompile("^" + expr + "$").FindStringSubmatch(text)
	require.NotNil(t, found, "want %s\ngot  %s", pattern, text)
	if len(found) > 1 {
		return found[1]
	}
	return ""
}

func done(message, data string) string {
	return `{"Success":true,"Status":1,"Message":"` + message + `","Data":` + data + `}`
}

const zone = "Asia/Shanghai"

// Each documented call, as the clients of business systems send it, is answered as ScheduleMaster answers it, and the
// callbacks are those that were ordered.
func TestDocumentedCalls(t *testing.T) {
	t.Parallel()
	target := newSink(t)
	s := serve(t, "serve", t.TempDir(), "--time-zone", zone)
	for _, c := range callers() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			call := &connection{t: t, caller: c, addr: s.http, secret: core.APISecret("admin", password)}
			lifeOfATask(t, call, target)
			onceAndDelayed(t, call, target)
		})
	}
}

func lifeOfATask(t *testing.T, c *connection, target *sink) {
	path, title := "/"+c.caller.name+"/life", c.caller.name+" 接口测试 *~ 100%"
	task := []string{
		"MetaType", "2", "Title", title, "RunLoop", "true", "CronExpression", "33 0/8 2 1 1 ? 2199", "Remark", "By Xunit Tester Created",
		"StartDate", "2026-05-31 00:00:00", "HttpRequestUrl", target.URL + path, "HttpMethod", "POST", "HttpContentType", "application/json",
		"HttpHeaders", `[{"ParamKey":"X-Shop","ParamValue":"上海 1"},{"ParamKey":"sm-timeout","ParamValue":"5"}]`,
		"HttpBody", `{ "Posts": [{ "PostId": 666, "Title": "标题" }] }`, "Keepers", "1", "Params[0].ParamKey", "k1", "Params[0].ParamValue", "1111",
		"Params[0].ParamRemark", "r1",
	}
	id := matches(t, done("任务创建成功!", `"<guid>"`), c.post("/api/Task/Create", task...))
	detail := func(title string, status int, last, next string, count int) string {
		return done("请求数据成功", fmt.Sprintf(`{"Id":"%s","Title":"%s","MetaType":2,"Remark":"By Xunit Tester Created","RunLoop":true,`+
			`"CronExpression":"33 0/8 2 1 1 ? 2199","AssemblyName":null,"ClassName":null,`+
			`"CustomParamsJson":"[{\"ParamKey\":\"k1\",\"ParamValue\":\"1111\",\"ParamRemark\":\"r1\"}]","Status":%d,`+
			`"StartDate":"2026-05-31 00:00:00","EndDate":null,"CreateTime":"<time>","CreateUserId":1,"CreateUserName":"admin",`+
			`"LastRunTime":%s,"NextRunTime":%s,"TotalRunCount":%d}`, id, title, status, last, next, count))
	}
	matches(t, detail(title, 0, "null", "null", 0), c.get("/api/Task/QueryTaskDetail", "id", id))
	task[3] = title + "（改）"
	matches(t, done("任务编辑成功!", "null"), c.post("/api/Task/Edit", append(task, "Id", id)...))
	matches(t, done("任务启动成功!", "null"), c.post("/api/Task/Start", "id", id))
	const next = `"2199-01-01 02:00:33"`
	matches(t, detail(task[3], 1, "null", next, 0), c.get("/api/Task/QueryTaskDetail", "id", id))

	matches(t, done("任务运行成功!", "null"), c.post("/api/Task/RunOnce", "id", id))
	a := target.await(path, 1, soon)[0]
	require.Equal(t, "POST", a.method)
	require.Equal(t, "application/json", a.contentType)
	require.Equal(t, `{ "Posts": [{ "PostId": 666, "Title": "标题" }] }`, a.body)
	require.Equal(t, "上海 1", a.header.Get("X-Shop"))
	require.Empty(t, a.header["Sm-Timeout"])
	require.Equal(t, id, a.task)
	require.Equal(t, "manual", a.header.Get("Carillon-Trigger"))
	eventually(t, soon, func() bool {
		return strings.Contains(c.get("/api/Task/QueryTaskDetail", "id", id), `"TotalRunCount":1`)
	}, "the run is counted")
	matches(t, detail(task[3], 1, `"<time>"`, next, 1), c.get("/api/Task/QueryTaskDetail", "id", id))

	matches(t, done("任务暂停成功!", "null"), c.post("/api/Task/Pause", "id", id))
	matches(t, done("任务恢复成功!", "null"), c.post("/api/Task/Resume", "id", id))
	matches(t, done("任务已停止运行!", "null"), c.post("/api/Task/Stop", "id", id))
	matches(t, `{"Success":false,"Status":0,"Message":"任务当前状态为“已停止”，在运行或暂停状态下才能停止","Data":null}`, c.post("/api/Task/Stop", "id", id))
	matches(t, fmt.Sprintf(`{"total":1,"rows":[{"Id":"%s","Title":"%s","RunLoop":true,"StartDate":"2026-05-31 00:00:00","LastRunTime":"<time>",`+
		`"NextRunTime":null,"TotalRunCount":1,"Status":0,"CreateTime":"<time>","Executors":[]}]}`, id, task[3]),
		c.get("/api/Task/QueryList", "name", c.caller.name+" 接口", "pageNumber", "1", "pageSize", "10"))
}

func onceAndDelayed(t *testing.T, c *connection, target *sink) {
	base := "/" + c.caller.name
	at := time.Now().Add(1500 * time.Millisecond).Truncate(time.Second)
	id := matches(t, done("任务创建成功！启动状态为：成功", `"<guid>"`), c.post("/api/Task/Create",
		"MetaType", "2", "Title", "once", "RunLoop", "false", "StartDate", at.In(mustZone(t)).Format(time.DateTime),
		"HttpRequestUrl", target.URL+base+"/once?x=1", "HttpMethod", "GET", "HttpContentType", "application/x-www-form-urlencoded",
		"HttpBody", `[{"ParamKey":"a b","ParamValue":"1&2"},{"ParamKey":"中","ParamValue":"文"}]`, "RunNow", "true"))
	json := matches(t, done("延时任务创建成功!", `"<guid>"`), c.post("/api/DelayTask/Create",
		"SourceApp", "TestApp", "Topic", "TestApp.Trade.TimeoutCancel", "ContentKey", "17", "DelayTimeSpan", "1", "DelayAbsoluteTime", "",
		"NotifyUrl", target.URL+base+"/json", "NotifyDataType", "application/json", "NotifyBody", `{ "BlogId": 111, "Url":"中文 %" }`))
	form := matches(t, done("延时任务创建成功!", `"<guid>"`), c.post("/api/DelayTask/Create",
		"SourceApp", "TestApp", "Topic", "t", "ContentKey", "18", "DelayTimeSpan", "1", "NotifyUrl", target.URL+base+"/form",
		"NotifyDataType", "application/x-www-form-urlencoded", "NotifyBody", `[{"Key":"a","Value":"1 & 2"},{"Key":"b","Value":"中"}]`))

	once := target.await(base+"/once", 1, soon)[0]
	require.Equal(t, []string{"GET", "x=1&a+b=1%262&%E4%B8%AD=%E6%96%87", "", ""}, []string{once.method, once.query, once.body, once.contentType})
	require.Equal(t, at.UTC(), once.due, "a time without a zone is in the server's")
	require.Equal(t, []string{id, once.run}, []string{once.task, once.key})
	a := target.await(base+"/json", 1, soon)[0]
	require.Equal(t, []string{"POST", "application/json", `{ "BlogId": 111, "Url":"中文 %" }`}, []string{a.method, a.contentType, a.body})
	require.Equal(t, []string{json, "delayed"}, []string{a.delayed, a.header.Get("Carillon-Trigger")})
	a = target.await(base+"/form", 1, soon)[0]
	require.Equal(t, []string{"POST", "application/x-www-form-urlencoded", "a=1+%26+2&b=%E4%B8%AD"}, []string{a.method, a.contentType, a.body})
	require.Equal(t, []string{form, a.run}, []string{a.delayed, a.key})

	c.secret = strings.Repeat("0", 32)
	body := "id=" + id
	head := fmt.Sprintf(c.caller.post, c.spell("/api/Task/Start"), c.addr, c.auth(), len(body))
	matches(t, `{"Success":false,"Status":2,"Message":"用户名、密码或秘钥错误","Data":null}`, c.call(http.MethodPost, head, body, "401 Unauthorized"))
}

func mustZone(t *testing.T) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(zone)
	require.NoError(t, err)
	return loc
}

// The body of the documents' plugin example, as it stands there.
func TestDocumentedPluginTask(t *testing.T) {
	t.Parallel()
	s := serve(t, "serve", t.TempDir())
	c := &connection{t: t, caller: callers()[0], addr: s.http, secret: core.APISecret("admin", password)}
	const body = "MetaType=1&RunLoop=true&CronExpression=33+0%2F8+*+*+*+%3F&Remark=By+Xunit+Tester+Created" +
		"&StartDate=2026-05-31+00%3A00%3A00&Title=%E7%A8%8B%E5%BA%8F%E9%9B%86%E6%8E%A5%E5%8F%A3%E6%B5%8B%E8%AF%95%E4%BB%BB%E5%8A%A1" +
		"&AssemblyName=Hos.ScheduleMaster.Demo&ClassName=Hos.ScheduleMaster.Demo.Simple" +
		"&CustomParamsJson=%5B%7B%22ParamKey%22%3A%22k1%22%2C%22ParamValue%22%3A%221111%22%2C%22ParamRemark%22%3A%22r1%22%7D%2C" +
		"%7B%22ParamKey%22%3A%22k2%22%2C%22ParamValue%22%3A%222222%22%2C%22ParamRemark%22%3A%22r2%22%7D%5D&Keepers=1&Keepers=2"
	head := fmt.Sprintf(c.caller.post, "/api/Task/Create", c.addr, c.auth(), len(body))
	id := matches(t, done("任务创建成功!（以下监护人 id 没有对应的用户：2）", `"<guid>"`), c.call(http.MethodPost, head, body, "200 OK"))
	matches(t, `{"Success":false,"Status":0,"Message":"程序包 \"Hos.ScheduleMaster.Demo\" 尚未上传","Data":null}`, c.post("/api/Task/Start", "id", id))
}
