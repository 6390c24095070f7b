package messages

import (
	"fmt"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/cron"
)

// ScheduleWords says in a language what a schedule names; empty for one that cannot be read.
func ScheduleWords(lang Language, s *core.Schedule) string {
	switch s.Kind {
	case core.ScheduleCron:
		e, err := cron.Parse(s.Cron)
		if err != nil {
			return ""
		}
		return CronWords(lang, e)
	case core.ScheduleInterval:
		if s.Interval <= 0 {
			return ""
		}
		if lang == Chinese {
			return fmt.Sprintf("从开始时间起每隔 %s", Length(s.Interval))
		}
		return fmt.Sprintf("every %s, counted from the start", Length(s.Interval))
	case core.ScheduleOnce:
		if lang == Chinese {
			return "在开始时间触发一次"
		}
		return "once, at the start"
	}
	return ""
}
