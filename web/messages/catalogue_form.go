package messages

// formTexts are said by the form API alone. What it says on success are ScheduleMaster's words: some business systems show
// them to people, and some look for them.
var formTexts = map[string]string{
	"the task was created":                      "任务创建成功!",
	"the task was created and started":          "任务创建成功！启动状态为：成功",
	"the task was created, but not started: %s": "任务创建成功！启动状态为：失败（%s）",
	" (no user has these keeper ids: %s)":       "（以下监护人 id 没有对应的用户：%s）",
	"the task was edited":                       "任务编辑成功!",
	"the task was started":                      "任务启动成功!",
	"the task was paused":                       "任务暂停成功!",
	"the task was resumed":                      "任务恢复成功!",
	"the task was stopped":                      "任务已停止运行!",
	"the task is being run once":                "任务运行成功!",
	"the task was found":                        "请求数据成功",
	"the delayed task was created":              "延时任务创建成功!",

	"the service failed; its log says why under %s": "服务异常，原因见服务日志，编号 %s",
	"there is no action %s":                         "接口 %s 不存在",
	"%s is called by %s, not by %s":                 "接口 %s 须用 %s 方式调用，而不是 %s",
	"the body must be a form, of type %s or %s":     "请求体必须是表单，类型为 %s 或 %s",
	"the body could not be read to its end":         "请求体不完整，无法读取",
	"the body has more than %d bytes":               "请求体超过 %d 字节",
	"the multipart body cannot be read":             "multipart 请求体无法解析",
	"the form has more than %d fields":              "表单字段超过 %d 个",

	"the name of a field is not valid UTF-8 or holds a NUL character": "字段名不是有效的 UTF-8 文本，或包含空字符",
	"holds a NUL character":                                                      "包含空字符",
	"the index must be a whole number from 0 to %d":                              "下标必须是 0 到 %d 之间的整数",
	"must be true or false":                                                      "必须是 true 或 false",
	"must be an id such as 01890a5d-ac96-774b-bcce-b302099a8057":                 "必须是 01890a5d-ac96-774b-bcce-b302099a8057 这样的 id",
	"must be a time such as 2026-01-31 08:30:00":                                 "必须是 2026-01-31 08:30:00 这样的时间",
	"must be a number of seconds above 0":                                        "必须是大于 0 的秒数",
	"must lead to an instant before the year 2200":                               "对应的时间必须早于 2200 年",
	"must be %d (plugin) or %d (HTTP)":                                           "必须是 %d（程序集）或 %d（HTTP）",
	"must be %s or %s":                                                           "必须是 %s 或 %s",
	"is not valid JSON":                                                          "不是有效的 JSON",
	"%q is not the id of a user: give whole numbers, each in a field of its own": "%q 不是用户 id，请填写整数，多个时每个 id 单独占一个字段",
	`must be a JSON list such as [{"ParamKey":"a","ParamValue":"b"}]`:            `必须是 JSON 列表，例如 [{"ParamKey":"a","ParamValue":"b"}]`,
	"the value of %s must be a number of seconds above 0":                        "请求头 %s 的值必须是大于 0 的秒数",
}
