package alert

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/carillonhq/carillon/core"
)

// The lengths to which parts of a message are cut, in characters.
const (
	maxName   = 100
	maxReason = 500
	maxAnswer = 1000
)

// event is the failure that a message describes. One of task and delayed is set.
type event struct {
	run     *core.Run
	task    *core.Task
	delayed *core.DelayedTask
}

// stateNames are the outcomes that people are told of, in Chinese.
var stateNames = map[core.RunState]string{
	core.RunFailed:    "失败",
	core.RunTimedOut:  "超时",
	core.RunConflict:  "互斥取消",
	core.RunSkipped:   "已跳过",
	core.RunMissed:    "错过",
	core.RunCancelled: "已取消",
	core.RunLost:      "丢失",
}

// message words the event for somebody. count is the number of failures it stands for, the event the last of them.
func (e event) message(to Recipient, count int, zone *time.Location) Message {
	zh, en, name := "任务", "Task", ""
	if e.task != nil {
		name = e.task.Title
	} else {
		zh, en = "延时任务", "Delayed task"
		name = fmt.Sprintf("%s / %s / %s", e.delayed.SourceApp, e.delayed.Topic, e.delayed.ContentKey)
	}
	name = cut(oneLine(name), maxName)
	m := Message{To: to, Subject: fmt.Sprintf("[Carillon] %s失败 %s failed: %s", zh, en, name)}
	lead := fmt.Sprintf("%s“%s”执行失败。\n%s “%s” failed.\n", zh, name, en, name)
	if count > 1 {
		m.Subject += fmt.Sprintf(" (×%d)", count)
		lead = fmt.Sprintf("%s失败 %d 次（此前未通知），最近一次如下。\n%s failed %d times, not reported before. The last time:\n", zh, count, en, count)
	}
	m.Text = lead + "\n" + e.facts(zone) + e.answer()
	return m
}

// facts is a list of what is known, a line each.
func (e event) facts(zone *time.Location) string {
	var b strings.Builder
	line := func(zh, en, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s %s: %s\n", zh, en, oneLine(value))
		}
	}
	r := e.run
	if e.task != nil {
		line("任务", "Task", e.task.Title)
		line("任务编号", "Task id", e.task.ID)
	} else {
		line("来源应用", "App", e.delayed.SourceApp)
		line("主题", "Topic", e.delayed.Topic)
		line("业务关键字", "Key", e.delayed.ContentKey)
		line("延时任务编号", "Delayed task id", e.delayed.ID)
	}
	line("运行编号", "Run id", r.ID)
	line("应执行时间", "Due", r.Due.In(zone).Format("2006-01-02 15:04:05 -07:00"))
	line("结果", "Outcome", cmp.Or(stateNames[r.State], string(r.State))+" / "+strings.ReplaceAll(string(r.State), "_", " "))
	line("原因", "Reason", cut(r.Result.Reason, maxReason))
	line("第几次尝试", "Attempt", strconv.Itoa(r.Attempt))
	line("节点", "Worker", r.Worker)
	return b.String()
}

// answer quotes the beginning of what the target answered, if it did.
func (e event) answer() string {
	res := e.run.Result
	if res.Status == 0 && len(res.Response) == 0 {
		return ""
	}
	status := ""
	if res.Status != 0 {
		status = " HTTP " + strconv.Itoa(res.Status)
	}
	// A character has four bytes at most, so these hold enough of them, and one that is cut in two comes after those shown.
	// One more than is shown tells whether there is more.
	head := res.Response[:min(len(res.Response), 4*(maxAnswer+1))]
	text := strings.Map(func(c rune) rune {
		switch {
		case c == '\r':
			return -1
		case unicode.IsControl(c) && c != '\n' && c != '\t':
			return ' '
		}
		return c
	}, strings.ToValidUTF8(string(head), "\uFFFD"))
	return fmt.Sprintf("应答 Answer:%s\n%s\n", status, cut(text, maxAnswer))
}

// cut gives the first n characters of s, and shows that there were more.
func cut(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i] + "…"
		}
		n--
	}
	return s
}

// oneLine replaces all that could end a line or hide text: what people wrote must not look like a line of ours.
func oneLine(s string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsControl(c) || unicode.In(c, unicode.Zl, unicode.Zp, unicode.Bidi_Control) {
			return ' '
		}
		return c
	}, strings.ToValidUTF8(s, "\uFFFD"))
}
