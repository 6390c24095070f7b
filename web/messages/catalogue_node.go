package messages

// nodeTexts are said of nodes, to whoever starts them.
var nodeTexts = map[string]string{
	"asks for more than %d pieces of plugin packages at once":                                           "同时请求的程序包分块超过 %d 个",
	"must begin with a letter or digit and hold only letters, digits and . _ @ : -":                     "必须以字母或数字开头，且只能包含字母、数字和 . _ @ : -",
	"%q is not a label: letters, digits and . _ @ : - are allowed":                                      "%q 不是合法的标签，只允许字母、数字和 . _ @ : -",
	"the worker's lease ran out and what it had was given on":                                           "工作节点的租约已到期，它持有的运行已交给其他节点",
	"the name %s is that of a worker inside a master's own process: give this worker another by --name": "名称 %s 已被主节点进程内的工作节点占用，请用 --name 为本节点指定其他名称",
	"a worker named %s that started later is alive: give this one another name by --name":               "名为 %s 且启动更晚的工作节点仍在运行，请用 --name 为本节点指定其他名称",
	"a worker named %s that started later took this one's place":                                        "启动更晚、同名为 %s 的工作节点已取代本节点",
	"an administrator deleted the worker %s":                                                            "管理员已删除工作节点 %s",
	"%s %s takes no runs: only workers can be enabled, drained, disabled or edited":                     "%s %s 不执行运行：只有工作节点可以启用、排空、禁用或修改",
	"worker %s is %s; from there it cannot become %s":                                                   "工作节点 %s 的状态为“%s”，不能变为“%s”",
	"is %q; it can be enabled, draining or disabled, or null for the worker's own":                      "为 %q，只能是 enabled、draining 或 disabled，null 表示以工作节点自身为准",
	"must be from 1 to %d, or null for the worker's own":                                                "必须在 1 到 %d 之间，null 表示以工作节点自身为准",
	"master %s is alive: stop it before it is deleted":                                                  "主节点 %s 仍在运行，请先停止再删除",
	"worker %s is alive and %s: stop or disable it before it is deleted":                                "工作节点 %s 仍在运行，状态为“%s”，请先停止或禁用再删除",
	"worker %s has %d runs in hand: delete it when they have ended":                                     "工作节点 %s 仍有 %d 个运行未结束，请等它们结束后再删除",
	"the join token was changed by others again and again: try once more":                               "加入令牌正被他人反复修改，请重试",
	"must be from 0s to %s":                                                              "必须在 0s 到 %s 之间",
	"there is no %s named %q":                                                            "没有此节点：%s %q",
	"this master is stopping":                                                            "主节点正在停止",
	"another stream took this worker's place":                                            "该工作节点已建立新的连接，本连接被取代",
	"the worker does not read its stream":                                                "工作节点没有读取连接上的消息",
	"a worker's first message must be Hello":                                             "工作节点的第一条消息必须是 Hello",
	"is %d; this master (%s) speaks %d: run the same version on both":                    "为 %d，而主节点（%s）使用 %d，请在两端运行相同的版本",
	"there is no worker named %q: a worker must have joined once before it can be named": "没有名为 %q 的工作节点，工作节点至少要加入过一次才能被指定",
}
