package ui

import (
	"fmt"
	"html/template"
	"strings"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/web/messages"
)

// The measures of a line of outcomes, in the units of its picture.
const (
	sparkHeight = 20
	sparkStep   = 5
	sparkWidth  = 4
)

// spark draws a line of the outcomes of a task's last runs, the latest at its end. What did not succeed stands higher, so that
// it is seen without its colour too.
func (r *request) spark(states []core.RunState) template.HTML {
	if len(states) == 0 {
		return ""
	}
	good := 0
	var bars strings.Builder
	for i, s := range states {
		height := sparkHeight
		if s == core.RunSucceeded {
			good++
			height = sparkHeight * 3 / 5
		}
		fmt.Fprintf(&bars, `<rect class="hue-%s" x="%d" y="%d" width="%d" height="%d" rx="1"/>`, hue(s), i*sparkStep, sparkHeight-height, sparkWidth, height)
	}
	text := template.HTMLEscapeString(r.text("succeeded: %s of the last %s runs", grouped(good), grouped(len(states))))
	width := len(states) * sparkStep
	// #nosec G203 -- numbers and names of colours, and a text that is escaped
	return template.HTML(fmt.Sprintf(`<svg class="spark" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-label="`, width, sparkHeight, width, sparkHeight) +
		text + `"><title>` + text + "</title>" + bars.String() + "</svg>")
}

// scheduleText is a time rule as a list tells it.
type scheduleText struct {
	Code string // a Quartz expression; empty for none
	Text string // any other rule in words
	At   time.Time
	Zone string // of the expression; empty for the server's
}

func (r *request) scheduleText(s *core.Schedule) scheduleText {
	switch s.Kind {
	case core.ScheduleCron:
		return scheduleText{Code: s.Cron, Zone: s.Zone}
	case core.ScheduleInterval:
		return scheduleText{Text: r.text("every %s", messages.Length(s.Interval))}
	}
	return scheduleText{Text: r.text("once"), At: s.Start}
}
