package messages

import "github.com/carillonhq/carillon/core"

// What the states are called in Chinese, in ScheduleMaster's words where it has the state.

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
