package messages

// delayedTexts are said of delayed tasks.
var delayedTexts = map[string]string{
	"there is no delayed task %s": "延时任务 %s 不存在",
	"the delayed task is %s: only one that succeeded, failed or was voided can be reset": "延时任务当前状态为“%s”，只有执行成功、执行失败或已作废的才能重置",
	"the delayed task is %s: reset it to have it called again":                           "延时任务当前状态为“%s”，需要重置后才能再次执行",
	"the delayed task is %s: only one that has not ended can be voided":                  "延时任务当前状态为“%s”，只有未结束的才能作废",
	"a run of the delayed task is still under way: wait until it has ended":              "延时任务正在执行，请等待本次执行结束",
}
