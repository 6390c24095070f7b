package ui

import (
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
	"github.com/carillonhq/carillon/web/messages"
)

// taskRuns are the last runs of a task as its page draws them, the latest last.
type taskRuns struct {
	Cells []runCell
	// Chart is how long each took, drawn; empty when none was sent. Longest and Median are of those that were.
	Chart           template.HTML
	Longest, Median time.Duration
}

// runCell is a run in the strip of the last ones.
type runCell struct{ URL, Hue, Text string }

func (u *UI) taskRuns(r *request, t *core.Task) (taskRuns, error) {
	runs, _, err := u.Manage.Runs.List(r.Request.Context(), store.RunFilter{TaskID: t.ID, Limit: runsShown})
	if err != nil {
		return taskRuns{}, err
	}
	slices.Reverse(runs)
	var out taskRuns
	var took []time.Duration
	for _, run := range runs {
		text := messages.Name(r.lang, run.State) + ", " + run.Due.In(r.zone).Format(time.DateTime)
		if d := lasted(run); d > 0 {
			took = append(took, d)
			text += ", " + messages.Length(d)
		}
		out.Cells = append(out.Cells, runCell{"/runs/" + run.ID, hue(run.State), text})
	}
	if len(took) > 0 {
		slices.Sort(took)
		out.Longest, out.Median = took[len(took)-1], took[len(took)/2]
		out.Chart = durations(runs, out.Cells, out.Longest)
	}
	return out, nil
}

// lasted is how long a run took from the sending to the answer, as far as that is known; 0 for one that was not sent or has not
// ended.
func lasted(run *core.Run) time.Duration {
	sent, answered := run.SentAt, run.AnsweredAt
	if sent.IsZero() {
		sent = run.DispatchedAt
	}
	if answered.IsZero() {
		answered = run.RecordedAt
	}
	if !run.State.Sent() || sent.IsZero() || answered.Before(sent) {
		return 0
	}
	return max(answered.Sub(sent), time.Microsecond)
}

// The measures of the chart of durations, in the units of its picture, which is as wide as there is room.
const (
	chartHeight = 100
	chartStep   = 10
	chartBar    = 8
)

// durations draws how long runs took, each a bar in the colour of its outcome.
func durations(runs []*core.Run, cells []runCell, longest time.Duration) template.HTML {
	var bars strings.Builder
	for i, run := range runs {
		height := 1.0
		if d := lasted(run); d > 0 {
			height = max(float64(d)/float64(longest)*chartHeight, 2)
		}
		fmt.Fprintf(&bars, `<rect class="hue-%s" x="%d" y="%.1f" width="%d" height="%.1f"><title>%s</title></rect>`,
			cells[i].Hue, i*chartStep, chartHeight-height, chartBar, height, template.HTMLEscapeString(cells[i].Text))
	}
	// #nosec G203 -- numbers, names of colours, and a text that is escaped
	return template.HTML(fmt.Sprintf(`<svg class="durations" viewBox="0 0 %d %d" preserveAspectRatio="none" aria-hidden="true">%s</svg>`,
		runsShown*chartStep, chartHeight, bars.String()))
}
