package compat_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

// sendRaw sends the bytes of a request and gives the status and body of the answer.
func sendRaw(t *testing.T, server *httptest.Server, request string) (int, string) {
	t.Helper()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, request)
	require.NoError(t, err)
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return answer.StatusCode, string(body)
}

// The calls of the documents, to the byte as the usual clients send them, and what is understood.
func TestDocumentedCalls(t *testing.T) {
	t.Parallel()
	const auth = "ms_auth_user: admin\r\nms_auth_secret: " + adminSecret + "\r\n"
	const created = `{"Success":true,"Status":1,"Message":"任务创建成功!","Data":"` + taskID + `"}`

	for _, row := range []struct {
		name, request, body, answer string
		check                       func(*testing.T, *bundle)
	}{
		{
			// C#: FormUrlEncodedContent over HttpClient, the example of the documents.
			name: "csharp plugin task",
			request: "POST /api/Task/Create HTTP/1.1\r\nHost: localhost:30000\r\n" + auth +
				"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n",
			body: "MetaType=1&RunLoop=true&CronExpression=33+0%2F8+*+*+*+%3F&Remark=By+Xunit+Tester+Created" +
				"&StartDate=2026-05-31+00%3A00%3A00&Title=%E7%A8%8B%E5%BA%8F%E9%9B%86%E6%8E%A5%E5%8F%A3%E6%B5%8B%E8%AF%95%E4%BB%BB%E5%8A%A1" +
				"&AssemblyName=Hos.ScheduleMaster.Demo&ClassName=Hos.ScheduleMaster.Demo.Simple" +
				"&CustomParamsJson=%5B%7B%22ParamKey%22%3A%22k1%22%2C%22ParamValue%22%3A%221111%22%2C%22ParamRemark%22%3A%22r1%22%7D%2C" +
				"%7B%22ParamKey%22%3A%22k2%22%2C%22ParamValue%22%3A%222222%22%2C%22ParamRemark%22%3A%22r2%22%7D%5D&Keepers=1&Keepers=2",
			answer: created,
			check: func(t *testing.T, h *bundle) {
				k := h.tasks.task
				require.Equal(t, core.KindPlugin, k.Kind)
				require.Equal(t, "程序集接口测试任务", k.Title)
				require.Equal(t, "33 0/8 * * * ?", k.Schedule.Cron)
				require.Equal(t, &core.PluginCall{Package: "Hos.ScheduleMaster.Demo", Task: "Hos.ScheduleMaster.Demo.Simple"}, k.Plugin)
				require.Equal(t, []core.Param{{Key: "k1", Value: "1111", Remark: "r1"}, {Key: "k2", Value: "2222", Remark: "r2"}}, k.Params)
				require.Equal(t, []int64{1, 2}, k.Keepers)
				require.False(t, h.tasks.start)
			},
		},
		{
			name: "csharp http task",
			request: "POST /api/Task/Create HTTP/1.1\r\nHost: localhost:30000\r\n" + auth +
				"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n",
			body: "MetaType=2&RunLoop=true&CronExpression=22+0%2F8+*+*+*+%3F&Remark=By+Xunit+Tester+Created" +
				"&StartDate=2026-05-31+00%3A00%3A00&Title=Http%E6%8E%A5%E5%8F%A3%E6%B5%8B%E8%AF%95%E4%BB%BB%E5%8A%A1" +
				"&HttpRequestUrl=http%3A%2F%2Flocalhost%3A56655%2Fapi%2F1.0%2Fvalue%2Fjsonpost&HttpMethod=POST" +
				"&HttpContentType=application%2Fjson&HttpHeaders=%5B%5D&HttpBody=%7B+%22Posts%22%3A+%5B%7B+%22PostId%22%3A+666%2C" +
				"+%22Title%22%3A+%22tester%22%2C+%22Content%22%3A%22testtesttest%22+%7D%5D%2C+%22BlogId%22%3A+111%2C" +
				"+%22Url%22%3A%22qweqrrttryrtyrtrtrt%22+%7D",
			answer: created,
			check: func(t *testing.T, h *bundle) {
				require.Equal(t, &core.Callback{
					Method: "POST", URL: "http://localhost:56655/api/1.0/value/jsonpost", ContentType: "application/json",
					Body: `{ "Posts": [{ "PostId": 666, "Title": "tester", "Content":"testtesttest" }], "BlogId": 111, "Url":"qweqrrttryrtyrtrtrt" }`,
				}, h.tasks.task.Callback)
			},
		},
		{
			name: "csharp delayed task",
			request: "POST /api/DelayTask/Create HTTP/1.1\r\nHost: localhost:30000\r\n" + auth +
				"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n",
			body:   delayedCall,
			answer: `{"Success":true,"Status":1,"Message":"延时任务创建成功!","Data":"` + delayedID + `"}`,
			check:  checkDelayedCall,
		},
		{
			// Java: OkHttp's FormBody and Spring's RestTemplate add the charset and leave * and - as they are.
			name: "java",
			request: "POST /api/delaytask/create HTTP/1.1\r\nms_auth_user: admin\r\nms_auth_secret: " + adminSecret + "\r\n" +
				"Accept: application/json, application/*+json\r\nContent-Type: application/x-www-form-urlencoded;charset=UTF-8\r\n" +
				"User-Agent: Java/17.0.9\r\nHost: localhost:30000\r\nConnection: keep-alive\r\nContent-Length: %d\r\n\r\n",
			body:   delayedCall,
			answer: `{"Success":true,"Status":1,"Message":"延时任务创建成功!","Data":"` + delayedID + `"}`,
			check:  checkDelayedCall,
		},
		{
			// curl -d with the fields as they are typed, to a path in the documents' other spelling.
			name: "curl",
			request: "POST /api/task/create HTTP/1.1\r\nHost: localhost:30000\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n" + auth +
				"Content-Length: %d\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n",
			body: "MetaType=2&Title=ping&RunLoop=false&StartDate=2026-06-01 13:00:00&HttpRequestUrl=http://sink:8080/ping?a=1%26b=2" +
				"&HttpMethod=get&HttpContentType=application/json&HttpBody=&RunNow=true",
			answer: `{"Success":true,"Status":1,"Message":"任务创建成功！启动状态为：成功","Data":"` + taskID + `"}`,
			check: func(t *testing.T, h *bundle) {
				k := h.tasks.task
				require.Equal(t, core.ScheduleOnce, k.Schedule.Kind)
				require.Equal(t, "2026-06-01T05:00:00Z", k.Schedule.Start.UTC().Format("2006-01-02T15:04:05Z07:00"))
				require.Equal(t, "http://sink:8080/ping?a=1&b=2", k.Callback.URL)
				require.Equal(t, "GET", k.Callback.Method)
				require.True(t, h.tasks.start)
			},
		},
		{
			// Python: requests.post(url, data={...}) with a list, and Accept-Language set by the caller.
			name: "python",
			request: "POST /api/task/start HTTP/1.1\r\nHost: localhost:30000\r\nUser-Agent: python-requests/2.31.0\r\n" +
				"Accept-Encoding: gzip, deflate\r\nAccept: */*\r\nConnection: keep-alive\r\nAccept-Language: en\r\n" + auth +
				"Content-Length: %d\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n",
			body:   "id=0198C1B2-7D1E-7000-8000-0000000000AA",
			answer: `{"Success":true,"Status":1,"Message":"the task was started","Data":null}`,
			check: func(t *testing.T, h *bundle) {
				require.Equal(t, []string{"start " + taskID + " by admin"}, h.tasks.did)
			},
		},
		{
			// C#: MultipartFormDataContent; names come quoted, and each part may carry a type of its own.
			name: "multipart",
			request: "POST /api/Task/Create HTTP/1.1\r\nHost: localhost:30000\r\n" + auth +
				"Content-Type: multipart/form-data; boundary=\"9f7c2f1e-0000\"\r\nContent-Length: %d\r\n\r\n",
			body: part("MetaType", "2") + part("Title", "多部分 100% a+b&c=d") + part("RunLoop", "True") + part("cronexpression", "0 0 2 * * ?") +
				part("StartDate", "2026-05-31 00:00:00") + part("HttpRequestUrl", "http://sink/") + part("HttpMethod", "POST") +
				part("HttpContentType", "application/x-www-form-urlencoded") +
				part("HttpBody", `[{"ParamKey":"a","ParamValue":"1 & 2"}]`) + part("Executors", "w1") + part("Executors", "w2") +
				"--9f7c2f1e-0000\r\nContent-Disposition: form-data; name=Title; filename=x.zip\r\n\r\nPK\x00\xff\r\n" +
				"--9f7c2f1e-0000--\r\n",
			answer: created,
			check: func(t *testing.T, h *bundle) {
				k := h.tasks.task
				require.Equal(t, "多部分 100% a+b&c=d", k.Title)
				require.Equal(t, core.ScheduleCron, k.Schedule.Kind)
				require.Equal(t, []core.Param{{Key: "a", Value: "1 & 2"}}, k.Callback.Form)
				require.Empty(t, k.Callback.Body)
				require.Equal(t, []string{"w1", "w2"}, k.Executors)
			},
		},
		{
			// JavaScript: jQuery.param writes brackets for lists and objects.
			name: "jquery",
			request: "POST /api/task/create HTTP/1.1\r\nHost: localhost:30000\r\n" + auth +
				"Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\nContent-Length: %d\r\n\r\n",
			body: "MetaType=1&Title=j&RunLoop=true&CronExpression=0+0+2+*+*+%3F&StartDate=2026-05-31+00%3A00%3A00&AssemblyName=a&ClassName=b" +
				"&Keepers%5B%5D=3&Keepers%5B%5D=4&Params%5B0%5D%5BParamKey%5D=k&Params%5B0%5D%5BParamValue%5D=v",
			answer: created,
			check: func(t *testing.T, h *bundle) {
				require.Equal(t, []int64{3, 4}, h.tasks.task.Keepers)
				require.Equal(t, []core.Param{{Key: "k", Value: "v"}}, h.tasks.task.Params)
			},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			h := setup(t)
			server := httptest.NewServer(h)
			defer server.Close()
			status, body := sendRaw(t, server, fmt.Sprintf(row.request, len(row.body))+row.body)
			require.Equal(t, http.StatusOK, status)
			require.Equal(t, row.answer, body)
			row.check(t, h)
		})
	}
}

func part(name, value string) string {
	return "--9f7c2f1e-0000\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" +
		value + "\r\n"
}

func checkDelayedCall(t *testing.T, h *bundle) {
	t.Helper()
	d := h.delayed.created
	require.Equal(t, "TestApp", d.SourceApp)
	require.Equal(t, "TestApp.Trade.TimeoutCancel", d.Topic)
	require.Equal(t, "17", d.ContentKey)
	require.Equal(t, now.Add(327e9), d.Due)
	require.Equal(t, core.Callback{
		Method: "POST", URL: "http://localhost:56655/api/1.0/value/delaypost", ContentType: "application/json",
		Body: `{ "Posts": [{ "PostId": 666, "Title": "tester", "Content":"testtesttest" }], "BlogId": 111, "Url":"qweqrrttryrtyrtrtrt" }`,
	}, d.Callback)
	require.Equal(t, "admin", h.delayed.actor.Name)
}

// A client that asks for leave to send a large body is refused before it sends it.
func TestALargeBodyIsRefusedBeforeItIsSent(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(setup(t))
	defer server.Close()
	status, body := sendRaw(t, server, "POST /api/task/create HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n"+
		"ms_auth_user: admin\r\nms_auth_secret: "+adminSecret+"\r\n\r\n")
	require.Equal(t, http.StatusOK, status)
	require.True(t, strings.HasPrefix(body, `{"Success":false,"Status":3,`), body)
}
