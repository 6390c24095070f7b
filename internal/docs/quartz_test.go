package docs_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/cron"
)

var cronCall = regexp.MustCompile(`^\$ carillon cron next(?: --tz (\S+))?(?: --from (\S+))?(?: --count (\d+))? '([^']+)'$`)

// The examples of carillon cron next print what they say.
func TestExamplesOfQuartzTime(t *testing.T) {
	t.Parallel()
	examples := 0
	for _, b := range blocks(read(t, "docs/quartz.md")) {
		var printed, told []string
		for line := range strings.Lines(b.text) {
			line = strings.TrimSuffix(line, "\n")
			m := cronCall.FindStringSubmatch(line)
			if m == nil {
				told = append(told, line)
				continue
			}
			examples++
			printed = append(printed, cronNext(t, m[1], m[2], m[3], m[4])...)
		}
		require.Equal(t, printed, told)
	}
	require.Greater(t, examples, 5)
}

// cronNext is what the command prints, an error included.
func cronNext(t *testing.T, zone, from, count, text string) []string {
	t.Helper()
	expr, err := cron.Parse(text)
	if err != nil {
		return []string{"carillon: " + err.Error()}
	}
	loc, err := time.LoadLocation(zone)
	require.NoError(t, err)
	after, err := time.Parse(time.RFC3339, from)
	require.NoError(t, err)
	n, err := strconv.Atoi(count)
	require.NoError(t, err)
	var printed []string
	for range n {
		next, ok := expr.Next(after, loc)
		if !ok {
			break
		}
		printed = append(printed, next.UTC().Format(time.RFC3339))
		after = next
	}
	return printed
}
