package verdict

import (
	"time"

	"github.com/carillonhq/carillon/e2e/chaos/evidence"
)

// span is a stretch of time. The zero end is none.
type span struct{ from, to time.Time }

func (s span) holds(t time.Time, tolerance time.Duration) bool {
	return !t.Before(s.from.Add(-tolerance)) && (s.to.IsZero() || !t.After(s.to.Add(tolerance)))
}

// inForce gives when a task was surely in force, and when it may have been, from what was asked and answered.
func inForce(moves []evidence.Move) (surely, maybe []span) {
	on := false
	for _, m := range moves {
		switch {
		case m.Answer != evidence.Acknowledged && m.Starts && !on:
			return surely, append(maybe, span{from: m.Asked})
		case m.Answer != evidence.Acknowledged && on:
			surely[len(surely)-1].to = m.Asked
			return surely, maybe
		case m.Answer != evidence.Acknowledged:
			// A stop of what does not run: a start that follows may be undone by it.
			return surely, append(maybe, span{from: m.Asked})
		case m.Starts && !on:
			surely, maybe = append(surely, span{from: m.Answered}), append(maybe, span{from: m.Asked})
			on = true
		case !m.Starts && on:
			surely[len(surely)-1].to, maybe[len(maybe)-1].to = m.Asked, m.Answered
			on = false
		}
	}
	return surely, maybe
}

// dues gives the instants of a task that lie strictly within a span; one without an end ends at end.
func dues(every int, s span, end time.Time) []time.Time {
	if every == 0 {
		return nil
	}
	if s.to.IsZero() {
		s.to = end
	}
	var all []time.Time
	for t := s.from.Truncate(time.Second).Add(time.Second); t.Before(s.to); t = t.Add(time.Second) {
		if t.After(s.from) && names(every, t) {
			all = append(all, t)
		}
	}
	return all
}

// names says whether a schedule of every so many seconds of a minute names an instant.
func names(every int, t time.Time) bool {
	return every > 0 && t.Nanosecond() == 0 && t.Second()%every == 0
}
