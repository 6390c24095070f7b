package messages

// runTexts are said of runs.
var runTexts = map[string]string{
	"there is no run %s":          "运行记录 %s 不存在",
	"the run has ended: it is %s": "本次运行已结束，结果为“%s”",
	"the run called nothing by HTTP, or what it sent is not kept because its task has been edited since": "该运行没有发起 HTTP 调用，或其任务之后被修改过，发送的内容未保留",
	"is required: runs due before it are deleted":                                                        "必填，将删除应触发时间早于它的运行记录",
	"must not lie in the future":                                                                         "不能晚于当前时间",
	"must be before dueTo":                                                                               "必须早于 dueTo",
	"%s is no state of a run that has ended":                                                             "%s 不是已结束运行的状态",
	"the run has not ended: it is %s":                                                                    "本次运行尚未结束，当前状态为“%s”",
	"a run of a delayed task is not replayed by itself: reset the delayed task":                          "延时任务的运行不能单独重放，请重置该延时任务",
	"the task is %s: only runs of a running task can be replayed":                                        "任务当前状态为“%s”，只有运行中的任务才能重放其运行",
	"the task has been edited since the run: it would not be the same again":                             "任务在该次运行之后被修改过，重放将不再是同样的内容",
}
