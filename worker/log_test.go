package worker

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/rpc"
)

func texts(lines []*rpc.LogLine) (all []string) {
	for _, l := range lines {
		all = append(all, l.Text)
	}
	return all
}

func TestLogGivesEachLineOnce(t *testing.T) {
	t.Parallel()
	var l runLog
	l.add("info", "a")
	l.add("strange", "b")
	first, lines := l.unsent()
	require.Zero(t, first)
	require.Equal(t, []string{"a", "b"}, texts(lines))
	require.Equal(t, "info", lines[1].Level)
	l.add("error", "c")
	first, lines = l.unsent()
	require.Equal(t, int64(2), first)
	require.Equal(t, []string{"c"}, texts(lines))

	l.add("warn", "d")
	rest, size := l.end()
	require.Equal(t, []string{"d"}, texts(rest))
	require.Equal(t, 4*(1+lineOverhead), size)
	l.add("info", "after the end")
	_, lines = l.unsent()
	require.Empty(t, lines)
	first, lines = l.streamed()
	require.Zero(t, first)
	require.Equal(t, []string{"a", "b", "c"}, texts(lines))
}

func TestLogLetsGoOfStreamedLinesFirst(t *testing.T) {
	t.Parallel()
	var l runLog
	for range 3 {
		for i := range maxLines {
			l.add("info", fmt.Sprint(i))
		}
		_, lines := l.unsent()
		require.Equal(t, maxLines, len(lines))
	}
	first, lines := l.streamed()
	require.Equal(t, int64(2*maxLines), first)
	require.Equal(t, maxLines, len(lines))
}

func TestLogSaysWhatItDropped(t *testing.T) {
	t.Parallel()
	var l runLog
	for range maxLines + 7 {
		l.add("info", "x")
	}
	_, lines := l.unsent()
	require.Equal(t, maxLines+1, len(lines))
	require.Contains(t, lines[maxLines].Text, "7 lines were dropped here")

	var big runLog
	for range 40 {
		big.add("info", strings.Repeat("y", 2*maxLineBytes))
	}
	rest, size := big.end()
	require.Less(t, size, maxLogBytes+maxLineBytes)
	require.Contains(t, rest[len(rest)-1].Text, "25 lines were dropped here")
	require.Len(t, rest[0].Text, maxLineBytes)
}

func TestOutcomeCanAlwaysBeSent(t *testing.T) {
	t.Parallel()
	h := &held{id: "a", token: 3}
	h.log.put(time.Now(), "info", "bad \xff and \x00")
	m := toOutcome(h, core.Outcome{
		RunID: "other", Token: 99, State: core.RunFailed,
		Result: core.Result{
			Reason: "r\xff\x00" + strings.Repeat("r", 2*maxReason), Request: "GET /\xfe", ContentType: "\x00",
			Response: make([]byte, core.MaxResponse+1), Log: []core.LogLine{{Text: "in the run's log already"}},
		},
	}, nil)
	m.Log, _ = h.log.end()
	_, err := proto.Marshal(m)
	require.NoError(t, err)
	require.Equal(t, "a", m.RunId)
	require.Equal(t, int64(3), m.Token)
	require.True(t, strings.HasPrefix(m.Reason, "r\uFFFD\uFFFDrr"))
	require.Less(t, len(m.Reason), maxReason+10)
	require.Equal(t, "GET /\uFFFD", m.Request)
	require.Len(t, m.Response, core.MaxResponse)
	require.True(t, m.Truncated)
	require.Equal(t, []string{"bad \uFFFD and \uFFFD"}, texts(m.Log))
}

func TestSettle(t *testing.T) {
	t.Parallel()
	withdrawn := fmt.Errorf("%w: by admin", ErrCancelled)
	for name, c := range map[string]struct {
		state, want core.RunState
		cause       error
		reason      string
	}{
		"answered":               {core.RunSucceeded, core.RunSucceeded, nil, "said"},
		"answered in spite of":   {core.RunFailed, core.RunFailed, ErrLeaseLost, "said"},
		"withdrawn":              {core.RunCancelled, core.RunCancelled, withdrawn, "said"},
		"lease lost":             {core.RunCancelled, core.RunLost, ErrLeaseLost, ErrLeaseLost.Error()},
		"stopped":                {core.RunCancelled, core.RunLost, ErrStopping, ErrStopping.Error()},
		"by the performer alone": {core.RunCancelled, core.RunCancelled, nil, "said"},
		"not an end":             {core.RunRunning, core.RunFailed, nil, `the performer returned "running", which is not how a run that was sent can end`},
		"nothing":                {"", core.RunFailed, nil, `the performer returned "", which is not how a run that was sent can end`},
	} {
		state, reason := settle(c.state, "said", c.cause)
		require.Equal(t, c.want, state, name)
		require.Equal(t, c.reason, reason, name)
	}
	_, reason := settle(core.RunCancelled, "", withdrawn)
	require.Equal(t, "cancelled: by admin", reason)
}
