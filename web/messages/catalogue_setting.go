package messages

// settingTexts are said of settings.
var settingTexts = map[string]string{
	"seconds a callback may take when it names no timeout":                                           "回调未设置超时时使用的超时时间（秒）",
	"which time of a delayed task counts: Relative (seconds from now) or Absolute":                   "延时任务按哪个时间执行：Relative（从现在起的秒数）或 Absolute（绝对时间）",
	"retries of a delayed task":                                                                      "延时任务的重试次数",
	"seconds; retry n of a delayed task waits n times as long":                                       "重试间隔（秒），延时任务第 n 次重试等待 n 倍时间",
	"text that the answer to a delayed task must hold beside a 2xx status; empty: none":              "延时任务的响应除 2xx 状态外还必须包含的文本；留空表示不要求",
	"days that finished runs are kept; 0 keeps them for ever":                                        "已结束的运行记录保留天数，0 表示永久保留",
	"finished runs kept of each task; 0 keeps all":                                                   "每个任务保留的已结束运行记录数，0 表示全部保留",
	"days that the audit is kept; 0 keeps it for ever":                                               "审计记录保留天数，0 表示永久保留",
	"host name of the mail server; empty sends no mail":                                              "邮件服务器主机名，留空表示不发送邮件",
	"port of the mail server":                                                                        "邮件服务器端口",
	"address that mail is sent from and signed in with":                                              "发件人地址，也用于登录邮件服务器",
	"password of that account":                                                                       "发件账号的密码",
	"when workers fetch a plugin package: Always or IfNotPresent":                                    "工作节点何时拉取插件包：Always（总是）或 IfNotPresent（本地没有时）",
	"heartbeats (one every 3 s) that a worker may miss before it counts as gone":                     "工作节点连续缺失多少次心跳（每 3 秒一次）后视为离线",
	"days that the system log is kept; 0 keeps it for ever":                                          "系统日志保留天数，0 表示永久保留",
	"which lines of the masters' own log the system log keeps: Debug, Info, Warn or Error and above": "系统日志保存主节点自身日志的最低级别：Debug、Info、Warn 或 Error",
	"is not a setting":             "不是系统参数",
	"there is no setting named %s": "系统参数 %s 不存在",
}
