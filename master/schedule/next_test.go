package schedule

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

// at reads an instant; the empty text is none.
func at(text string) time.Time {
	if text == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic(err)
	}
	return t
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	require.NoError(t, err)
	return loc
}

func cronOf(expr, zone string) core.Schedule {
	return core.Schedule{Kind: core.ScheduleCron, Cron: expr, Zone: zone}
}

func every(d time.Duration, start string) core.Schedule {
	return core.Schedule{Kind: core.ScheduleInterval, Interval: d, Start: at(start)}
}

func once(start string) core.Schedule {
	return core.Schedule{Kind: core.ScheduleOnce, Start: at(start)}
}

func bounded(s core.Schedule, start, end string) core.Schedule {
	if start != "" {
		s.Start = at(start)
	}
	s.End = at(end)
	return s
}

func TestNextDue(t *testing.T) {
	t.Parallel()
	const daily = "0 30 2 * * ?"
	for name, c := range map[string]struct {
		schedule core.Schedule
		server   string // zone of the server; UTC when empty
		after    string
		want     []string // the due instants that follow one another; a last "" means that there is no more
	}{
		"cron": {cronOf("0 0/15 * * * ?", ""), "", "2026-05-01T10:00:01Z",
			[]string{"2026-05-01T10:15:00Z", "2026-05-01T10:30:00Z"}},
		"cron is strictly later": {cronOf("0 0 10 * * ?", ""), "", "2026-05-01T10:00:00Z",
			[]string{"2026-05-02T10:00:00Z"}},
		"cron, a moment before": {cronOf("0 0 10 * * ?", ""), "", "2026-05-01T09:59:59.999999999Z",
			[]string{"2026-05-01T10:00:00Z"}},
		"cron, within the second": {cronOf("* * * * * ?", ""), "", "2026-05-01T10:00:00.5Z",
			[]string{"2026-05-01T10:00:01Z"}},
		"cron, before 1970": {cronOf("0 0 0 1 1 ?", ""), "", "0001-01-01T00:00:00Z",
			[]string{"1970-01-01T00:00:00Z"}},
		"cron on the start counts": {bounded(cronOf("0 0 10 * * ?", ""), "2026-05-01T10:00:00Z", ""), "", "2026-04-01T00:00:00Z",
			[]string{"2026-05-01T10:00:00Z"}},
		"cron before the start does not": {bounded(cronOf("0 0 10 * * ?", ""), "2026-05-01T10:00:00.000001Z", ""), "", "2026-04-01T00:00:00Z",
			[]string{"2026-05-02T10:00:00Z"}},
		"cron, start in the past": {bounded(cronOf("0 0 10 * * ?", ""), "2020-01-01T00:00:00Z", ""), "", "2026-05-01T10:00:00Z",
			[]string{"2026-05-02T10:00:00Z"}},
		"cron on the end counts": {bounded(cronOf("0 0 10 * * ?", ""), "", "2026-05-02T10:00:00Z"), "", "2026-05-01T00:00:00Z",
			[]string{"2026-05-01T10:00:00Z", "2026-05-02T10:00:00Z", ""}},
		"cron after the end does not": {bounded(cronOf("0 0 10 * * ?", ""), "", "2026-05-01T09:59:59.999999Z"), "", "2026-05-01T00:00:00Z",
			[]string{""}},
		"cron that is over":    {cronOf("0 0 0 1 1 ? 2020", ""), "", "2026-05-01T00:00:00Z", []string{""}},
		"cron that never was":  {cronOf("0 0 0 30 2 ?", ""), "", "2026-05-01T00:00:00Z", []string{""}},
		"cron, end of the era": {cronOf("0 0 0 31 12 ?", ""), "", "2199-12-30T00:00:00Z", []string{"2199-12-31T00:00:00Z", ""}},

		"zone of the schedule": {cronOf("0 0 9 * * ?", "Asia/Shanghai"), "America/New_York", "2026-05-01T00:00:00Z",
			[]string{"2026-05-01T01:00:00Z"}},
		"zone of the server": {cronOf("0 0 9 * * ?", ""), "Asia/Shanghai", "2026-05-01T00:00:00Z",
			[]string{"2026-05-01T01:00:00Z"}},
		"zone of half an hour": {cronOf("0 0 0 * * ?", "Asia/Kolkata"), "", "2026-05-01T00:00:00Z",
			[]string{"2026-05-01T18:30:00Z"}},

		"spring gap moves a fixed time on": {cronOf(daily, "Europe/Berlin"), "", "2026-03-28T00:00:00Z",
			[]string{"2026-03-28T01:30:00Z", "2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"}},
		"spring gap leaves a rhythm alone": {cronOf("0 0/30 * * * ?", "Europe/Berlin"), "", "2026-03-29T00:00:00Z",
			[]string{"2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z"}},
		"autumn repeats no fixed time": {cronOf(daily, "Europe/Berlin"), "", "2026-10-24T12:00:00Z",
			[]string{"2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"}},
		"autumn leaves a rhythm alone": {cronOf("0 0/30 * * * ?", "Europe/Berlin"), "", "2026-10-25T00:00:00Z",
			[]string{"2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z"}},
		"start inside the repeated hour": {bounded(cronOf(daily, "Europe/Berlin"), "2026-10-25T01:00:00Z", ""), "", "2026-10-01T00:00:00Z",
			[]string{"2026-10-26T01:30:00Z"}},

		"interval begins with the start": {every(time.Minute, "2026-05-01T10:00:00Z"), "", "2026-04-01T00:00:00Z",
			[]string{"2026-05-01T10:00:00Z", "2026-05-01T10:01:00Z"}},
		"interval is strictly later": {every(time.Minute, "2026-05-01T10:00:00Z"), "", "2026-05-01T10:05:00Z",
			[]string{"2026-05-01T10:06:00Z"}},
		"interval between two": {every(90*time.Second, "2026-05-01T10:00:00Z"), "", "2026-05-01T10:01:29.999999999Z",
			[]string{"2026-05-01T10:01:30Z", "2026-05-01T10:03:00Z"}},
		"interval of milliseconds": {every(1500*time.Millisecond, "2026-05-01T10:00:00.25Z"), "", "2026-05-01T10:00:01Z",
			[]string{"2026-05-01T10:00:01.75Z", "2026-05-01T10:00:03.25Z"}},
		"interval after years": {every(time.Second, "1970-01-01T00:00:00Z"), "", "2199-06-01T00:00:00.1Z",
			[]string{"2199-06-01T00:00:01Z"}},
		"interval is real time in spring": {bounded(every(24*time.Hour, "2026-03-28T01:30:00Z"), "", ""), "Europe/Berlin", "2026-03-28T01:30:00Z",
			[]string{"2026-03-29T01:30:00Z", "2026-03-30T01:30:00Z"}},
		"interval on the end counts": {bounded(every(time.Hour, "2026-05-01T10:00:00Z"), "", "2026-05-01T11:00:00Z"), "", "2026-05-01T10:00:00Z",
			[]string{"2026-05-01T11:00:00Z", ""}},
		"interval ends with the era":   {every(time.Hour, "2026-05-01T10:00:00Z"), "", "2199-12-31T23:59:00Z", []string{""}},
		"interval asked for year 9999": {every(time.Hour, "2026-05-01T10:00:00Z"), "", "9999-12-31T23:59:00Z", []string{""}},

		"once":                    {once("2026-05-01T10:00:00Z"), "", "2026-05-01T09:00:00Z", []string{"2026-05-01T10:00:00Z", ""}},
		"once is strictly later":  {once("2026-05-01T10:00:00Z"), "", "2026-05-01T10:00:00Z", []string{""}},
		"once does not heed end":  {bounded(once("2026-05-01T10:00:00Z"), "", "2020-01-01T00:00:00Z"), "", "2026-05-01T09:00:00Z", []string{"2026-05-01T10:00:00Z", ""}},
		"once, whole microsecond": {once("2026-05-01T10:00:00.0000019Z"), "", "2026-05-01T10:00:00Z", []string{"2026-05-01T10:00:00.000001Z", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := zone(t, c.server)
			after := at(c.after)
			for _, want := range c.want {
				due, ok, err := Next(&c.schedule, after, server)
				require.NoError(t, err)
				require.Equal(t, want != "", ok)
				require.Equal(t, at(want), due)
				after = due
			}
		})
	}
}

func TestNextOfBadSchedules(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		schedule core.Schedule
		field    string
		says     string
	}{
		"cron":     {cronOf("0 61 * * * ?", ""), "schedule.cron", `minute is "61", want`},
		"fields":   {cronOf("* * *", ""), "schedule.cron", "six or seven fields"},
		"zone":     {cronOf("0 0 0 * * ?", "Europe/Nowhere"), "schedule.zone", `"Europe/Nowhere" is not a time zone`},
		"local":    {cronOf("0 0 0 * * ?", "Local"), "schedule.zone", `"Local" is not a time zone`},
		"path":     {cronOf("0 0 0 * * ?", "../etc/passwd"), "schedule.zone", "is not a time zone"},
		"interval": {core.Schedule{Kind: core.ScheduleInterval}, "schedule.interval", "at least 1s"},
		"kind":     {core.Schedule{Kind: "hourly"}, "schedule.kind", "cron, interval or once"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, ok, err := Next(&c.schedule, at("2026-05-01T00:00:00Z"), time.UTC)
			require.False(t, ok)
			var e *core.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, c.field, e.Field)
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestNextWithoutServerZoneIsUTC(t *testing.T) {
	t.Parallel()
	s := cronOf("0 0 9 * * ?", "")
	due, ok, err := Next(&s, at("2026-05-01T00:00:00Z"), nil)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, at("2026-05-01T09:00:00Z"), due)
}
