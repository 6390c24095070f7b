package schedule

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func TestPreviewMarksClockChanges(t *testing.T) {
	t.Parallel()
	const form = "01-02 15:04 -0700"
	type seen struct {
		at      string
		showing Showing
	}
	for name, c := range map[string]struct {
		schedule core.Schedule
		after    string
		want     []seen
	}{
		"put forward": {cronOf("0 30 2 * * ?", "Europe/Berlin"), "2026-03-28T00:00:00Z", []seen{
			{"03-28 02:30 +0100", ShownOnce}, {"03-29 03:30 +0200", ShownLater}, {"03-30 02:30 +0200", ShownOnce},
		}},
		"put back, a fixed time": {cronOf("0 30 2 * * ?", "Europe/Berlin"), "2026-10-24T12:00:00Z", []seen{
			{"10-25 02:30 +0200", ShownFirst}, {"10-26 02:30 +0100", ShownOnce},
		}},
		"put back, a rhythm": {cronOf("0 0/30 * * * ?", "Europe/Berlin"), "2026-10-24T23:00:00Z", []seen{
			{"10-25 01:30 +0200", ShownOnce}, {"10-25 02:00 +0200", ShownFirst}, {"10-25 02:30 +0200", ShownFirst},
			{"10-25 02:00 +0100", ShownSecond}, {"10-25 02:30 +0100", ShownSecond}, {"10-25 03:00 +0100", ShownOnce},
		}},
		"an interval": {func() core.Schedule {
			s := every(time.Hour, "2026-10-25T00:00:00Z")
			s.Zone = "Europe/Berlin"
			return s
		}(), "2026-10-24T23:30:00Z", []seen{
			{"10-25 02:00 +0200", ShownFirst}, {"10-25 02:00 +0100", ShownSecond}, {"10-25 03:00 +0100", ShownOnce},
		}},
		"the server's zone": {cronOf("0 0 9 * * ?", ""), "2026-01-01T00:00:00Z", []seen{{"01-01 09:00 +0000", ShownOnce}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list, err := Preview(&c.schedule, at(c.after), len(c.want), time.UTC)
			require.NoError(t, err)
			var got []seen
			for _, i := range list {
				got = append(got, seen{i.At.Format(form), i.Showing})
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestPreviewEnds(t *testing.T) {
	t.Parallel()
	s := once("2026-05-01T10:00:00Z")
	list, err := Preview(&s, at("2026-01-01T00:00:00Z"), 10, nil)
	require.NoError(t, err)
	require.Len(t, list, 1)
	list, err = Preview(&s, at("2027-01-01T00:00:00Z"), 10, nil)
	require.NoError(t, err)
	require.Empty(t, list)
	bad := cronOf("nonsense", "")
	_, err = Preview(&bad, at("2027-01-01T00:00:00Z"), 10, time.UTC)
	require.Equal(t, core.CodeMalformed, core.CodeOf(err))
	bad = cronOf("0 0 9 * * ?", "Mars/Base")
	_, err = Preview(&bad, at("2027-01-01T00:00:00Z"), 10, time.UTC)
	require.Equal(t, core.CodeMalformed, core.CodeOf(err))
}
