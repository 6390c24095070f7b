package messages

// delayedTexts are said of delayed tasks.
var delayedTexts = map[string]string{
	"must not begin or end with a blank": "首尾不能为空格",
	"there is no delayed task %s":        "延时任务 %s 不存在",
	"the delayed task is %s: only one that succeeded, failed or was voided can be reset": "延时任务当前状态为“%s”，只有执行成功、执行失败或已作废的才能重置",
	"the delayed task is %s: reset it to have it called again":                           "延时任务当前状态为“%s”，需要重置后才能再次执行",
	"the delayed task is %s: only one that has not ended can be voided":                  "延时任务当前状态为“%s”，只有未结束的才能作废",
	"the delayed task is %s: only one that has not ended can be postponed":               "延时任务当前状态为“%s”，只有未结束的才能推迟",
	"a run of the delayed task is under way: it cannot be postponed any more":            "延时任务正在执行，已不能推迟",
	"must lie in the future: to have it called at once, execute it":                      "必须晚于当前时间；如需立即调用，请使用“立即执行”",
	"must be reset, execute, void or postpone":                                           "必须是 reset、execute、void 或 postpone",
	"must have from 1 to %d entries, and has %d":                                         "必须有 1 到 %d 项，当前有 %d 项",
	"a run of the delayed task is still under way: wait until it has ended":              "延时任务正在执行，请等待本次执行结束",
}
