package plugintest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"

	pluginpb "github.com/carillonhq/carillon/plugins/sdk/proto"
)

// conversation is about one run.
type conversation struct {
	t      testing.TB
	stream grpc.BidiStreamingClient[pluginpb.ToPlugin, pluginpb.FromPlugin]
	hangUp context.CancelFunc

	log      []*pluginpb.LogLine
	progress []int32
	nextAt   int64
}

// awaitLine returns when the run has said a line of the log.
func (c *conversation) awaitLine(text string) {
	c.t.Helper()
	for {
		result := c.next()
		require.Nil(c.t, result, "the run ended before it said %q", text)
		if len(c.log) > 0 && c.log[len(c.log)-1].GetText() == text {
			return
		}
	}
}

// end waits for the result, which must be the last word.
func (c *conversation) end() *pluginpb.Result {
	c.t.Helper()
	for {
		if result := c.next(); result != nil {
			_, err := c.stream.Recv()
			require.Error(c.t, err, "nothing may come after the result")
			return result
		}
	}
}

// next keeps one message, and gives it when it is the result.
func (c *conversation) next() *pluginpb.Result {
	c.t.Helper()
	message, err := c.stream.Recv()
	require.NoError(c.t, err)
	switch kind := message.GetKind().(type) {
	case *pluginpb.FromPlugin_Log:
		c.log = append(c.log, kind.Log)
	case *pluginpb.FromPlugin_Progress:
		c.progress = append(c.progress, kind.Progress.GetPercent())
	case *pluginpb.FromPlugin_NextAt:
		c.nextAt = kind.NextAt.GetAt()
	case *pluginpb.FromPlugin_Result:
		return kind.Result
	default:
		require.Fail(c.t, "a message of no known kind")
	}
	return nil
}

func (c *conversation) cancel(reason string) {
	c.t.Helper()
	require.NoError(c.t, c.stream.Send(&pluginpb.ToPlugin{Kind: &pluginpb.ToPlugin_Cancel{
		Cancel: &pluginpb.Cancel{Reason: reason, GraceMs: (5 * time.Second).Milliseconds()},
	}}))
}

// texts are the lines of the log, each with its level.
func (c *conversation) texts() []string {
	var texts []string
	for _, line := range c.log {
		texts = append(texts, line.GetLevel()+": "+line.GetText())
	}
	return texts
}
