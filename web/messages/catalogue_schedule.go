package messages

// scheduleTexts are said of schedules.
var scheduleTexts = map[string]string{
	cronFormat:                                                         "%s是 %q，正确写法：%s",
	"must be cron, interval or once":                                   "必须是 cron、interval 或 once",
	"is required for a schedule of kind cron":                          "按 cron 执行时不能为空",
	"goes with a schedule of kind cron only":                           "只适用于按 cron 执行的任务",
	"goes with a schedule of kind interval only":                       "只适用于按固定间隔执行的任务",
	"must be at least %s, in whole milliseconds":                       "至少为 %s，且须为整数毫秒",
	"lies before the start":                                            "早于开始时间",
	"lies before the next due instant: the task would never fire":      "早于下一次触发时间，任务永远不会触发",
	"names no instant that is later than now and not before the start": "在当前时间和开始时间之后没有任何触发时间",
	"has passed": "已经过去",
	"%q is not a time zone: give an IANA name such as Europe/Berlin": "%q 不是时区，请填写 IANA 名称，例如 Asia/Shanghai",
}
