package messages

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func TestText(t *testing.T) {
	t.Parallel()
	require.Equal(t, "the task was created", Text(English, "the task was created"))
	require.Equal(t, "任务创建成功!", Text(Chinese, "the task was created"))
	require.Equal(t, "there is no task 7", Text(English, "there is no task %s", "7"))
	require.Equal(t, "任务 7 不存在", Text(Chinese, "there is no task %s", "7"))

	require.Equal(t, "not in the tables: 5%", Text(Chinese, "not in the tables: %d%%", 5), "said in English")
	require.Equal(t, "100%", Text(English, "100%%"))
}

func TestError(t *testing.T) {
	t.Parallel()
	err := core.Broken("Title", "has %d characters; at most %d are allowed", 201, 200)
	require.Equal(t, "Title: has 201 characters; at most 200 are allowed", Error(English, err))
	require.Equal(t, "Title：有 201 个字符，最多允许 200 个", Error(Chinese, err))
	require.Equal(t, "任务 x 不存在", Error(Chinese, core.NotFound("there is no task %s", "x")))
}

func TestStatesAreNamed(t *testing.T) {
	t.Parallel()
	const said = "the delayed task is %s: reset it to have it called again"
	require.Equal(t, "the delayed task is voided: reset it to have it called again", Text(English, said, core.DelayedVoided))
	require.Equal(t, "延时任务当前状态为“已作废”，需要重置后才能再次执行", Text(Chinese, said, core.DelayedVoided))
	require.Equal(t, "任务当前状态为“已暂停”，在停止状态下才能编辑",
		Text(Chinese, "the task is %s: only a stopped task can be edited", core.TaskPaused))
	require.Equal(t, "本次运行已结束，结果为“超时”", Text(Chinese, "the run has ended: it is %s", core.RunTimedOut))

	require.Equal(t, "任务 paused 不存在", Text(Chinese, "there is no task %s", "paused"), "what somebody wrote stays as it is")
	require.Equal(t, "任务当前状态为“new”，在停止状态下才能编辑",
		Text(Chinese, "the task is %s: only a stopped task can be edited", core.TaskState("new")))
	for _, s := range core.RunStates() {
		require.Contains(t, runStates, s)
	}
	for _, kind := range core.AuditKinds() {
		require.Contains(t, auditKinds, kind)
	}
	for _, level := range core.LogLevels() {
		require.Contains(t, logLevels, level)
	}
	for _, spec := range core.SettingSpecs() {
		require.Contains(t, catalogue, spec.Help, "what %s does", spec.Name)
	}
	for _, s := range core.NodeStates() {
		require.Contains(t, nodeStates, s)
	}
	require.Equal(t, "工作节点 w 的状态为“已禁用”，不能变为“排空中”",
		Text(Chinese, "worker %s is %s; from there it cannot become %s", "w", core.NodeDisabled, core.NodeDraining))
}
