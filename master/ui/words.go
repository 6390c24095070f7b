package ui

import (
	"fmt"
	"html/template"
	"strings"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/web/messages"
)

// words says things in a language and a zone.
type words struct {
	lang messages.Language
	zone *time.Location
	name string // of the zone; empty when it has none, and the offset says all there is to say
	now  func() time.Time
}

// exact is how an instant is told to the letter, with its offset, for there is more than one zone that people call CST.
const exact = "2006-01-02 15:04:05.000 -07:00"

// when tells an instant by how far it is from now; the exact one shows on hover. The script keeps it right.
func (w words) when(at time.Time) template.HTML {
	if at.IsZero() {
		return "–"
	}
	return w.time(at, messages.Relative(w.lang, at, w.now()), " data-relative")
}

// at tells an instant in the reader's zone, to the second. The zone stands at the foot of every page, and shows on hover.
func (w words) at(at time.Time) template.HTML {
	if at.IsZero() {
		return "–"
	}
	return w.time(at, at.In(w.zone).Format(time.DateTime), "")
}

// precise tells an instant in the reader's zone, to the millisecond.
func (w words) precise(at time.Time) template.HTML {
	return w.time(at, at.In(w.zone).Format("2006-01-02 15:04:05.000"), "")
}

// clock tells the time of day in the reader's zone, to the millisecond; the day shows on hover.
func (w words) clock(at time.Time) template.HTML {
	return w.time(at, at.In(w.zone).Format("15:04:05.000"), "")
}

func (w words) time(at time.Time, text, mark string) template.HTML {
	// #nosec G203 -- formats and the name of a zone of the database hold no markup
	return template.HTML(`<time datetime="` + at.UTC().Format(time.RFC3339Nano) + `" title="` +
		template.HTMLEscapeString(strings.TrimSpace(at.In(w.zone).Format(exact)+" "+w.name)) + `"` + mark + ">" + text + "</time>")
}

// state tells a state by its name, with a dot of its colour.
func (w words) state(state any) template.HTML {
	if fmt.Sprint(state) == "" {
		return "–"
	}
	// #nosec G203 -- escaped
	return template.HTML(`<span class="state state-` + hue(state) + `">` + template.HTMLEscapeString(messages.Name(w.lang, state)) + `</span>`)
}

// hue is the colour of a state: what is well is green, what is under way is blue, what needs a look is red or orange, and
// what rests is grey.
func hue(state any) string {
	switch state {
	case core.LogError:
		return "bad"
	case core.LogWarn:
		return "odd"
	case core.LogInfo:
		return "busy"
	case core.RunSucceeded, core.TaskRunning, core.NodeEnabled, core.DelayedSucceeded:
		return "good"
	case core.RunDispatched, core.RunRunning, core.DelayedReady:
		return "busy"
	case core.RunFailed, core.RunTimedOut, core.RunLost, core.DelayedFailed:
		return "bad"
	case core.RunMissed, core.RunConflict, core.TaskPaused, core.NodeDraining, core.NodeIdle:
		return "odd"
	}
	return "still"
}
