package v1

import "github.com/carillonhq/carillon/core"

// Schedule is a task's time rule.
type Schedule struct {
	Kind     string   `json:"kind"`
	Cron     string   `json:"cron,omitempty"`
	Interval Duration `json:"interval,omitempty"`
	Zone     string   `json:"zone,omitempty"`
	Start    Instant  `json:"start,omitempty"`
	End      Instant  `json:"end,omitempty"`
}

func scheduleOf(s core.Schedule) Schedule {
	return Schedule{string(s.Kind), s.Cron, durationOf(s.Interval), s.Zone, instantOf(s.Start), instantOf(s.End)}
}

func (s Schedule) core(v *values) core.Schedule {
	return core.Schedule{
		Kind: core.ScheduleKind(s.Kind), Cron: s.Cron, Zone: s.Zone,
		Interval: v.duration("schedule.interval", s.Interval),
		Start:    v.instant("schedule.start", s.Start),
		End:      v.instant("schedule.end", s.End),
	}
}
