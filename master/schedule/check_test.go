package schedule

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	now := at("2026-05-01T10:00:00Z")
	const daily = "0 0 12 * * ?"
	type verdict struct {
		code  core.Code
		field string
	}
	fine := verdict{}
	for name, c := range map[string]struct {
		schedule core.Schedule
		save     verdict
		start    verdict
	}{
		"cron":                     {cronOf(daily, "Europe/Berlin"), fine, fine},
		"cron, a start to come":    {bounded(cronOf(daily, ""), "2030-01-01T00:00:00Z", ""), fine, fine},
		"cron unreadable":          {cronOf("0 0 25 * * ?", ""), verdict{core.CodeMalformed, "schedule.cron"}, verdict{core.CodeMalformed, "schedule.cron"}},
		"cron over":                {cronOf("0 0 12 * * ? 2025", ""), verdict{core.CodeRule, "schedule.cron"}, verdict{core.CodeRule, "schedule.cron"}},
		"cron over before start":   {bounded(cronOf("0 0 12 * * ? 2027", ""), "2028-01-01T00:00:00Z", ""), verdict{core.CodeRule, "schedule.cron"}, verdict{core.CodeRule, "schedule.cron"}},
		"cron of 30 February":      {cronOf("0 0 12 30 2 ?", ""), verdict{core.CodeRule, "schedule.cron"}, verdict{core.CodeRule, "schedule.cron"}},
		"cron not before the end":  {bounded(cronOf(daily, ""), "", "2026-05-01T11:59:59Z"), verdict{core.CodeRule, "schedule.end"}, verdict{core.CodeRule, "schedule.end"}},
		"cron on the end":          {bounded(cronOf(daily, ""), "", "2026-05-01T12:00:00Z"), fine, fine},
		"cron, end passed":         {bounded(cronOf(daily, ""), "", "2026-05-01T09:59:59Z"), fine, verdict{core.CodeRule, "schedule.end"}},
		"end before start":         {bounded(cronOf(daily, ""), "2026-06-02T00:00:00Z", "2026-06-01T00:00:00Z"), verdict{core.CodeRule, "schedule.end"}, verdict{core.CodeRule, "schedule.end"}},
		"zone unknown":             {cronOf(daily, "Mars/Base"), verdict{core.CodeMalformed, "schedule.zone"}, verdict{core.CodeMalformed, "schedule.zone"}},
		"zone of once unknown":     {core.Schedule{Kind: core.ScheduleOnce, Start: now, Zone: "Mars/Base"}, verdict{core.CodeMalformed, "schedule.zone"}, verdict{core.CodeMalformed, "schedule.zone"}},
		"interval":                 {every(time.Hour, "2020-01-01T00:00:00Z"), fine, fine},
		"interval, end too soon":   {bounded(every(time.Hour, "2026-05-01T00:30:00Z"), "", "2026-05-01T10:29:59Z"), verdict{core.CodeRule, "schedule.end"}, verdict{core.CodeRule, "schedule.end"}},
		"interval, end passed":     {bounded(every(time.Hour, "2026-05-01T00:30:00Z"), "", "2026-05-01T09:00:00Z"), fine, verdict{core.CodeRule, "schedule.end"}},
		"interval beyond the era":  {every(200*365*24*time.Hour, "2026-01-01T00:00:00Z"), verdict{core.CodeRule, "schedule.interval"}, verdict{core.CodeRule, "schedule.interval"}},
		"once":                     {once("2026-05-02T00:00:00Z"), fine, fine},
		"once in the past":         {once("2020-05-02T00:00:00Z"), fine, fine},
		"once does not heed end":   {bounded(once("2026-05-02T00:00:00Z"), "", "2020-01-01T00:00:00Z"), fine, fine},
		"interval before its time": {every(time.Hour, "2030-01-01T00:00:00Z"), fine, fine},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireVerdict := func(want verdict, err error) {
				if want == fine {
					require.NoError(t, err)
					return
				}
				var e *core.Error
				require.ErrorAs(t, err, &e)
				require.Equal(t, want, verdict{e.Code, e.Field}, e.Error())
			}
			requireVerdict(c.save, Check(&c.schedule, now, time.UTC))
			requireVerdict(c.start, CheckStart(&c.schedule, now, time.UTC))
		})
	}
}

func TestMemoKeepsNoFailures(t *testing.T) {
	t.Parallel()
	m := newMemo(2, loadZone)
	for _, name := range []string{"UTC", "Nowhere", "Europe/Berlin", "Asia/Shanghai", "Local"} {
		_, _ = m.get(name)
	}
	require.ElementsMatch(t, []string{"Europe/Berlin", "Asia/Shanghai"}, m.kept.Keys())
}
