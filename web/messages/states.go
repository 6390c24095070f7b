package messages

import (
	"fmt"
	"strings"

	"github.com/carillonhq/carillon/core"
)

// Name says a state, a kind, a trigger or a role in a language. In English that is the word itself. What has no name of
// its own is said as it is.
func Name(lang Language, word any) string {
	if lang == Chinese {
		if name, ok := chineseName(word); ok {
			return name
		}
	}
	return strings.ReplaceAll(fmt.Sprint(word), "_", " ")
}

// chineseName gives the Chinese name of a word of core, when it is one.
func chineseName(word any) (name string, ok bool) {
	switch w := word.(type) {
	case core.TaskState:
		name, ok = nameOr(taskStates, w), true
	case core.DelayedState:
		name, ok = nameOr(delayedStates, w), true
	case core.NodeState:
		name, ok = nameOr(nodeStates, w), true
	case core.RunState:
		name, ok = nameOr(runStates, w), true
	case core.Trigger:
		name, ok = nameOr(triggers, w), true
	case core.NodeKind:
		name, ok = nameOr(nodeKinds, w), true
	case core.Role:
		name, ok = nameOr(roles, w), true
	case core.AuditKind:
		name, ok = nameOr(auditKinds, w), true
	case core.LogLevel:
		name, ok = nameOr(logLevels, w), true
	case core.Via:
		name, ok = nameOr(ways, w), true
	}
	return name, ok
}

func nameOr[T ~string](names map[T]string, v T) string {
	if name, ok := names[v]; ok {
		return name
	}
	return string(v)
}

// What the words are in Chinese, in ScheduleMaster's words where it has them.

var triggers = map[core.Trigger]string{
	core.TriggerSchedule: "按计划",
	core.TriggerDelayed:  "延时任务",
	core.TriggerManual:   "手动",
	core.TriggerParent:   "父任务",
	core.TriggerRetry:    "重试",
	core.TriggerReplay:   "重放",
}

var nodeKinds = map[core.NodeKind]string{
	core.NodeMaster: "主节点",
	core.NodeWorker: "工作节点",
}

var roles = map[core.Role]string{
	core.RoleAdmin:     "管理员",
	core.RoleDeveloper: "开发者",
	core.RoleOperator:  "操作员",
	core.RoleViewer:    "只读用户",
}

var auditKinds = map[core.AuditKind]string{
	core.AuditTask:      "任务",
	core.AuditDelayed:   "延时任务",
	core.AuditRun:       "运行",
	core.AuditNode:      "节点",
	core.AuditUser:      "用户",
	core.AuditAPIToken:  "API 令牌",
	core.AuditSettings:  "系统参数",
	core.AuditJoinToken: "加入令牌",
	core.AuditPlugin:    "插件",
}

var logLevels = map[core.LogLevel]string{
	core.LogDebug: "调试",
	core.LogInfo:  "信息",
	core.LogWarn:  "警告",
	core.LogError: "错误",
}

var ways = map[core.Via]string{
	core.ViaAPI:     "JSON 接口",
	core.ViaForm:    "表单接口",
	core.ViaPage:    "页面",
	core.ViaCommand: "命令行",
}

var taskStates = map[core.TaskState]string{
	core.TaskStopped: "已停止",
	core.TaskRunning: "运行中",
	core.TaskPaused:  "已暂停",
	core.TaskDeleted: "已删除",
}

var delayedStates = map[core.DelayedState]string{
	core.DelayedCreated:   "已创建",
	core.DelayedReady:     "已就绪",
	core.DelayedSucceeded: "执行成功",
	core.DelayedFailed:    "执行失败",
	core.DelayedVoided:    "已作废",
}

var nodeStates = map[core.NodeState]string{
	core.NodeEnabled:  "已启用",
	core.NodeIdle:     "待启用",
	core.NodeDraining: "排空中",
	core.NodeDisabled: "已禁用",
}

var runStates = map[core.RunState]string{
	core.RunPlanned:    "已计划",
	core.RunDispatched: "已派发",
	core.RunRunning:    "执行中",
	core.RunSucceeded:  "成功",
	core.RunFailed:     "失败",
	core.RunTimedOut:   "超时",
	core.RunConflict:   "互斥取消",
	core.RunSkipped:    "已跳过",
	core.RunMissed:     "错过",
	core.RunCancelled:  "已取消",
	core.RunLost:       "丢失",
}
