package manage

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

const greetParameters = "{type: object, required: [who], additionalProperties: false, properties: {who: {type: string}, times: {type: integer, minimum: 1}}}"

// What a task gives its plugin is checked when the task is saved and the package is there, and again when it is started.
func TestPluginTasksAreChecked(t *testing.T) {
	t.Parallel()
	b := setup(t)
	early := httpTask(plugged("hello", "", "who", "all", "times", "none"))
	_, err := b.Tasks.Create(b.ctx, b.admin, early, false)
	require.NoError(t, err, "a task may be there before its package")
	requireError(t, b.Tasks.Start(b.ctx, b.admin, early.ID), core.CodeConflict, "", `plugin package "hello" has not been uploaded`)
	_, _, err = b.Plugins.Upload(b.ctx, b.admin, bytes.NewReader(project{name: "hello", version: "1.0.0", parameters: greetParameters}.build(t)))
	require.NoError(t, err)
	requireError(t, b.Tasks.Start(b.ctx, b.admin, early.ID), core.CodeMalformed, "params", "times must be of type integer")
	require.Equal(t, core.TaskStopped, b.task(early.ID).State)

	for name, c := range map[string]struct {
		change      func(*core.Task)
		code        core.Code
		field, says string
	}{
		"missing":      {plugged("hello", ""), core.CodeRule, "params", "who is required"},
		"unknown":      {plugged("hello", "", "who", "a", "tims", "2"), core.CodeRule, "params", "tims is not known; did you mean times?"},
		"wrong type":   {plugged("hello", "", "who", "a", "times", "two"), core.CodeMalformed, "params", "times must be of type integer"},
		"out of range": {plugged("hello", "1.0.0", "who", "a", "times", "0"), core.CodeRule, "params", "times does not fit"},
		"no such task": {func(t *core.Task) { plugged("hello", "")(t); t.Plugin.Task = "great" }, core.CodeRule, "plugin.task", "did you mean greet?"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := b.Tasks.Create(b.ctx, b.admin, httpTask(c.change), false)
			requireError(t, err, c.code, c.field, c.says)
			edited := *b.task(early.ID)
			edited.Params, edited.Plugin = nil, nil
			c.change(&edited)
			_, err = b.Tasks.Edit(b.ctx, b.admin, &edited)
			requireError(t, err, c.code, c.field, c.says)
		})
	}

	good := b.create(true, plugged("hello", "", "who", "a", "times", "2"))
	require.Equal(t, core.TaskRunning, b.task(good).State)
	pinned := httpTask(plugged("hello", "2.0.0", "anything", "goes"))
	_, err = b.Tasks.Create(b.ctx, b.admin, pinned, false)
	require.NoError(t, err, "the version that it pins is not there to be asked")
	requireError(t, b.Tasks.Start(b.ctx, b.admin, pinned.ID), core.CodeConflict, "", `version 2.0.0 of plugin package "hello" has not been uploaded`)
}
