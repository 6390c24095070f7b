package messages

// nodeTexts are said of nodes, to whoever starts them.
var nodeTexts = map[string]string{
	"must begin with a letter or digit and hold only letters, digits and . _ @ : -":                         "必须以字母或数字开头，且只能包含字母、数字和 . _ @ : -",
	"%q is not a label: letters, digits and . _ @ : - are allowed":                                          "%q 不是合法的标签，只允许字母、数字和 . _ @ : -",
	"the worker's lease ran out and what it had was given on":                                               "工作节点的租约已到期，它持有的运行已交给其他节点",
	"the name %s is that of the worker inside the master's own process: give this worker another by --name": "名称 %s 已被主节点进程内的工作节点占用，请用 --name 为本节点指定其他名称",
	"a worker named %s that started later is connected: give this one another name by --name":               "已有一个启动更晚、名为 %s 的工作节点连接，请用 --name 为本节点指定其他名称",
	"this master is stopping":                                                            "主节点正在停止",
	"another stream took this worker's place":                                            "该工作节点已建立新的连接，本连接被取代",
	"the worker does not read its stream":                                                "工作节点没有读取连接上的消息",
	"a worker's first message must be Hello":                                             "工作节点的第一条消息必须是 Hello",
	"is %d; this master (%s) speaks %d: run the same version on both":                    "为 %d，而主节点（%s）使用 %d，请在两端运行相同的版本",
	"there is no worker named %q: a worker must have joined once before it can be named": "没有名为 %q 的工作节点，工作节点至少要加入过一次才能被指定",
}
