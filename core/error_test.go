package core_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func TestErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  *core.Error
		code core.Code
		text string
	}{
		{core.Malformed("title", "is not %s", "UTF-8"), core.CodeMalformed, "title: is not UTF-8"},
		{core.Broken("title", "is required"), core.CodeRule, "title: is required"},
		{core.NotFound("there is no task %s", "x"), core.CodeNotFound, "there is no task x"},
		{core.Conflict("the task is %s", core.TaskPaused), core.CodeConflict, "the task is paused"},
		{core.Unavailable("the database is away"), core.CodeUnavailable, "the database is away"},
	} {
		require.EqualError(t, c.err, c.text)
		require.Equal(t, c.code, core.CodeOf(c.err))
		require.Equal(t, c.code, core.CodeOf(fmt.Errorf("while saving: %w", c.err)), "it is found behind what wraps it")
	}
	require.Empty(t, core.CodeOf(nil))
	require.Empty(t, core.CodeOf(errors.New("disk full")), "anything else is internal")
}
