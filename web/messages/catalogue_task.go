package messages

// taskTexts are said of tasks.
var taskTexts = map[string]string{
	"must be http or plugin":                                            "必须是 http 或 plugin",
	"is required for a task of kind http":                               "http 任务必须填写",
	"is required for a task of kind plugin":                             "plugin 任务必须填写",
	"goes with a task of kind http only":                                "只适用于 http 任务",
	"goes with a task of kind plugin only":                              "只适用于 plugin 任务",
	"must be forbid or allow":                                           "必须是 forbid 或 allow",
	"must be skip":                                                      "必须是 skip",
	"there is no task %s":                                               "任务 %s 不存在",
	"the task was changed by somebody else, or is not stopped":          "任务已被他人修改，或不在停止状态",
	"the task was changed by somebody else meanwhile: look again":       "任务同时被他人修改，请刷新后重试",
	"the task is %s: only a stopped task can be edited":                 "任务当前状态为“%s”，在停止状态下才能编辑",
	"the task is %s: only a stopped task can be started":                "任务当前状态为“%s”，在停止状态下才能启动",
	"the task is %s: only a running task can be paused":                 "任务当前状态为“%s”，在运行状态下才能暂停",
	"the task is %s: only a paused task can be resumed":                 "任务当前状态为“%s”，在暂停状态下才能恢复",
	"the task is %s: only a running or paused task can be stopped":      "任务当前状态为“%s”，在运行或暂停状态下才能停止",
	"the task is %s: only a running task can be run once":               "任务当前状态为“%s”，在运行状态下才能立即执行",
	"the task has been deleted already":                                 "任务已被删除",
	"plugin package %q has not been uploaded":                           "程序包 %q 尚未上传",
	"there is no task %q":                                               "任务 %q 不存在",
	"task %s has been deleted":                                          "任务 %s 已被删除",
	"task %s leads back to this task, which would fire itself for ever": "任务 %s 会再次触发本任务，形成死循环",
}
