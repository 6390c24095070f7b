package alert

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func TestTextOfATask(t *testing.T) {
	t.Parallel()
	e := event{
		task: &core.Task{ID: "t1", Title: "结算"},
		run: &core.Run{
			ID: "r1", State: core.RunTimedOut, Due: time.Date(2026, 3, 1, 4, 0, 0, 0, time.UTC), Attempt: 2, Worker: "w1",
			Result: core.Result{Reason: "no answer within 10s", Status: 504, Response: []byte("gateway\r\n\x1b[31mtime-out")},
		},
	}
	m := e.message(Recipient{Name: "ada"}, 1, time.FixedZone("", 8*3600))
	require.Equal(t, "[Carillon] 任务失败 Task failed: 结算", m.Subject)
	require.Equal(t, `任务“结算”执行失败。
Task “结算” failed.

任务 Task: 结算
任务编号 Task id: t1
运行编号 Run id: r1
应执行时间 Due: 2026-03-01 12:00:00 +08:00
结果 Outcome: 超时 / timed out
原因 Reason: no answer within 10s
第几次尝试 Attempt: 2
节点 Worker: w1
应答 Answer: HTTP 504
gateway
 [31mtime-out
`, m.Text)
}

func TestTextOfDelayedTasks(t *testing.T) {
	t.Parallel()
	e := event{
		delayed: &core.DelayedTask{ID: "d1", SourceApp: "shop", Topic: "order.timeout", ContentKey: "42"},
		run:     &core.Run{ID: "r1", State: core.RunFailed, Due: time.Unix(0, 0), Attempt: 4, Result: core.Result{Reason: "connection refused"}},
	}
	m := e.message(Recipient{}, 7, time.UTC)
	require.Equal(t, "[Carillon] 延时任务失败 Delayed task failed: shop / order.timeout / 42 (×7)", m.Subject)
	require.Equal(t, `延时任务失败 7 次（此前未通知），最近一次如下。
Delayed task failed 7 times, not reported before. The last time:

来源应用 App: shop
主题 Topic: order.timeout
业务关键字 Key: 42
延时任务编号 Delayed task id: d1
运行编号 Run id: r1
应执行时间 Due: 1970-01-01 00:00:00 +00:00
结果 Outcome: 失败 / failed
原因 Reason: connection refused
第几次尝试 Attempt: 4
`, m.Text)
}

func TestWhatPeopleWroteStaysOnItsLine(t *testing.T) {
	t.Parallel()
	e := event{
		task: &core.Task{ID: "t1", Title: "a\r\nBcc: eve@example.com\u2028结果 Outcome: fine\x00\u202e" + strings.Repeat("长", 200)},
		run:  &core.Run{ID: "r1", State: core.RunFailed, Result: core.Result{Reason: "no\nRun id: r2"}},
	}
	m := e.message(Recipient{}, 1, time.UTC)
	require.NotContains(t, m.Subject, "\n")
	require.Equal(t, maxName+1, utf8.RuneCountInString(strings.TrimPrefix(m.Subject, "[Carillon] 任务失败 Task failed: ")))
	for line := range strings.Lines(m.Text) {
		require.NotRegexp(t, "^(Bcc|结果 Outcome: fine|Run id: r2)", line)
	}
	require.NotContains(t, m.Text, "\u202e")
	require.NotContains(t, m.Text, "\x00")
}

func TestAnswerIsCut(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ response, want string }{
		"none":              {"", ""},
		"short":             {"ok", "应答 Answer:\nok\n"},
		"exactly as long":   {strings.Repeat("a", maxAnswer), "应答 Answer:\n" + strings.Repeat("a", maxAnswer) + "\n"},
		"longer":            {strings.Repeat("a", maxAnswer+1), "应答 Answer:\n" + strings.Repeat("a", maxAnswer) + "…\n"},
		"characters":        {strings.Repeat("错", maxAnswer+1), "应答 Answer:\n" + strings.Repeat("错", maxAnswer) + "…\n"},
		"widest characters": {strings.Repeat("𝄞", 5*maxAnswer), "应答 Answer:\n" + strings.Repeat("𝄞", maxAnswer) + "…\n"},
		"not UTF-8":         {"a\xff\xfeb", "应答 Answer:\na\uFFFDb\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := event{run: &core.Run{Result: core.Result{Response: []byte(test.response)}}}
			require.Equal(t, test.want, e.answer())
		})
	}
}
