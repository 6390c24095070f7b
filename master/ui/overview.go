package ui

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/manage"
	"github.com/carillonhq/carillon/web/messages"
)

func overviewPage(u *UI) *page {
	return &page{
		path: "/", title: messages.Key("Overview"), icon: "home", role: core.RoleViewer,
		topics:  []topic{{name: "overview", every: 2 * time.Second, look: u.lookAtOverview}},
		routes:  []route{get("/", core.RoleViewer, u.overview)},
		scripts: []string{"vendor/uplot/uplot.min.js", "charts.js"},
	}
}

type overviewView struct {
	*View
	*manage.Overview
}

func (u *UI) overview(r *request) error {
	o, err := u.Manage.Overview.Get(r.Request.Context(), r.zone)
	if err != nil {
		return err
	}
	return r.show("overview", http.StatusOK, overviewView{View: r.view(r.text("Overview")), Overview: o})
}

// lookAtOverview sums up what the overview shows.
func (u *UI) lookAtOverview(ctx context.Context) (string, error) {
	o, err := u.Manage.Overview.Get(ctx, time.UTC)
	if err != nil {
		return "", err
	}
	alive := 0
	for i := range o.Nodes {
		if o.Nodes[i].Alive(o.At) {
			alive += 1 + o.Nodes[i].Running
		}
	}
	return fmt.Sprint(o.Tasks, o.Hours, o.Open, o.Overdue, o.Unrouted, o.FailingTotal, o.Next, alive), nil
}

// The outcomes as people look at them: what succeeded, what did not, and what was never sent.
var (
	failedStates = [...]core.RunState{core.RunFailed, core.RunTimedOut, core.RunLost}
	unsentStates = [...]core.RunState{core.RunMissed, core.RunConflict, core.RunSkipped, core.RunCancelled}
)

// outcomeFigures are the outcomes of a day or an hour.
type outcomeFigures struct{ Succeeded, Failed, Unsent int64 }

func figures(o manage.Outcomes) outcomeFigures {
	f := outcomeFigures{Succeeded: o.Runs[core.RunSucceeded]}
	for _, s := range failedStates {
		f.Failed += o.Runs[s]
	}
	for _, s := range unsentStates {
		f.Unsent += o.Runs[s]
	}
	return f
}

// Today are the outcomes of today.
func (v overviewView) Today() outcomeFigures { return figures(v.Days[len(v.Days)-1]) }

// Rate is the share of the runs sent that succeeded, such as 99.8%; empty when none was sent.
func (f outcomeFigures) Rate() string {
	sent := f.Succeeded + f.Failed
	switch {
	case sent == 0:
		return ""
	case f.Failed == 0:
		return "100%"
	}
	// Never rounded up to a hundred.
	return fmt.Sprintf("%.1f%%", min(100*float64(f.Succeeded)/float64(sent), 99.9))
}

// chart is what the script draws: bars over one another, a group for each label.
type chart struct {
	Labels []string `json:"labels"`
	Series []series `json:"series"`
}

type series struct {
	Name   string  `json:"name"`
	Hue    string  `json:"hue"` // of the states, in app.css
	Values []int64 `json:"values"`
}

// Hourly says whether the chart is of the last hours, and not of days.
func (v overviewView) Hourly() bool { return v.r.Query("span") == "24h" }

// spans gives what the chart shows, with how each is labelled in short and in full.
func (v overviewView) spans() (all []manage.Outcomes, short, full string) {
	if v.Hourly() {
		return v.Hours, "15:04", "2006-01-02 15:04"
	}
	return v.Days, "01-02", time.DateOnly
}

// Late is how late at most 99 of 100 runs of the last 24 hours were sent; empty when none was.
func (v overviewView) Late() string {
	bound, over := v.Lateness.Within(0.99)
	switch {
	case bound == 0:
		return ""
	case over:
		return "> " + messages.Length(bound)
	}
	return "≤ " + messages.Length(bound)
}

// Chart are the outcomes by day or hour.
func (v overviewView) Chart() chart {
	c := chart{Series: []series{
		{Name: v.r.text("succeeded"), Hue: "good"}, {Name: v.r.text("failed"), Hue: "bad"}, {Name: v.r.text("not sent"), Hue: "odd"},
	}}
	all, short, _ := v.spans()
	for _, o := range all {
		f := figures(o)
		c.Labels = append(c.Labels, o.From.Format(short))
		for i, n := range []int64{f.Succeeded, f.Failed, f.Unsent} {
			c.Series[i].Values = append(c.Series[i].Values, n)
		}
	}
	return c
}

// Workers are the workers that are alive, in use or not.
func (v overviewView) Workers() []core.Node {
	var alive []core.Node
	for i := range v.Nodes {
		if n := v.Nodes[i]; n.Kind == core.NodeWorker && n.Alive(v.At) {
			alive = append(alive, n)
		}
	}
	return alive
}

// worry is something that needs attention.
type worry struct{ Text, URL, Hue string }

// Worries are what needs attention, the worst first.
func (v overviewView) Worries() []worry {
	var worries []worry
	add := func(hue, url, text string) { worries = append(worries, worry{text, url, hue}) }
	able := 0
	for i := range v.Nodes {
		n := &v.Nodes[i]
		switch {
		case n.Kind == core.NodeWorker && n.Alive(v.At):
			if n.State == core.NodeEnabled {
				able++
			}
		case n.Kind == core.NodeWorker && n.State != core.NodeDisabled && !n.SeenAt.IsZero():
			add("bad", nodesPath, v.r.text("Worker %s is gone.", n.Name))
		case n.Kind == core.NodeMaster && !n.Alive(v.At):
			add("odd", nodesPath, v.r.text("Master %s is gone.", n.Name))
		}
	}
	if able == 0 {
		add("bad", nodesPath, v.r.text("No worker takes runs."))
	}
	if v.Overdue > 0 {
		add("bad", nodesPath, v.r.text("Runs that are late and not yet sent: %s", grouped(v.Overdue)))
	}
	if v.Unrouted > 0 {
		add("odd", nodesPath, v.r.text("Runs that wait for a worker, and there is none that may take them: %s", grouped(v.Unrouted)))
	}
	if v.GivenUp > 0 {
		add("bad", "/delayed-tasks?state=failed", v.r.text("Delayed tasks given up in 24 hours: %d", v.GivenUp))
	}
	if missed := v.Days[len(v.Days)-1].Runs[core.RunMissed]; missed > 0 {
		add("odd", "/runs?state=missed", v.r.text("Firings missed today: %s", grouped(missed)))
	}
	return worries
}

// chartRow is a day or an hour as a table tells it.
type chartRow struct {
	Label string
	outcomeFigures
}

// ChartRows are the outcomes of the chart, for who cannot see it.
func (v overviewView) ChartRows() []chartRow {
	all, _, full := v.spans()
	rows := make([]chartRow, len(all))
	for i, o := range all {
		rows[i] = chartRow{o.From.Format(full), figures(o)}
	}
	return rows
}

// TaskCount is how many tasks are in a state.
func (v overviewView) TaskCount(state string) int64 { return v.Tasks[core.TaskState(state)] }

// Planned is how many runs are planned and not yet sent.
func (v overviewView) Planned() int64 { return v.Open[core.RunPlanned] }

// UnderWay is how many runs workers have in hand.
func (v overviewView) UnderWay() int64 { return v.Open[core.RunDispatched] + v.Open[core.RunRunning] }

// Busy is how many slots of the workers that are alive are in use, of Slots.
func (v overviewView) Busy() (n int) {
	for _, w := range v.Workers() {
		n += w.Running
	}
	return n
}

// Slots is how many slots the workers that are alive have.
func (v overviewView) Slots() (n int) {
	for _, w := range v.Workers() {
		n += w.Slots
	}
	return n
}
