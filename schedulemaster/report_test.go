package schedulemaster

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReport(t *testing.T) {
	t.Parallel()
	r := &Report{counts: map[Noun]map[Verdict]int64{}, Hints: []string{"Do this.", "Then that."}}
	r.count(Task, Brought, 12)
	r.count(Task, Brought, 1)
	r.count(DelayedTask, Left, 1000)
	var b strings.Builder
	require.NoError(t, r.Write(&b))
	require.Equal(t, `               brought  changed  left  as it was
users          0        0        0     0
workers        0        0        0     0
settings       0        0        0     0
tasks          13       0        0     0
delayed tasks  0        0        1000  0
Do this.
Then that.
`, b.String())
	require.Equal(t, `left     task         "x" (1): why; and why`, Line{Left, Task, `"x" (1)`, []string{"why", "and why"}}.String())
	require.Equal(t, "brought  delayed task k", Line{Verdict: Brought, Noun: DelayedTask, Name: "k"}.String())
}
