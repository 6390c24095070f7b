package ui

import (
	"bytes"
	"encoding/json"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/manage"
	"github.com/carillonhq/carillon/web/messages"
)

// linesShown is how many lines of a run's log its page shows, the last ones. The JSON API gives all.
const linesShown = 2000

type runView struct {
	*View
	*manage.Related
	Run  runRow
	Sent *manage.Sent
	// Lines are the last of the log; Dropped is how many stand before them.
	Lines   []core.LogLine
	Dropped int
	Steps   []step
}

func (u *UI) showRun(r *request) error {
	ctx := r.Request.Context()
	run, err := u.Manage.Runs.Get(ctx, r.Param("id"))
	if err != nil {
		return err
	}
	if !r.in.User.SeesCredentials() {
		run.Result.Request = core.MaskUserInfo(run.Result.Request)
	}
	related, err := u.Manage.Runs.Related(ctx, run)
	if err != nil {
		return err
	}
	sent, err := u.Manage.Runs.Sent(ctx, &r.in.User, run)
	if err != nil {
		return err
	}
	row := rowsOf([]*core.Run{run}, related.Titles)[0]
	r.under(r.text("Runs"), runsPath)
	title := row.Title
	if title == "" {
		title = run.ID
	}
	v := runView{View: r.view(title), Related: related, Run: row, Sent: sent, Lines: run.Result.Log, Steps: r.steps(row)}
	if v.Dropped = len(v.Lines) - linesShown; v.Dropped > 0 {
		v.Lines = v.Lines[v.Dropped:]
	}
	return r.show("run", http.StatusOK, v)
}

func (u *UI) cancelRun(r *request) error {
	if err := u.Manage.Runs.Cancel(r.Request.Context(), &r.in.User, r.Param("id"), ""); err != nil {
		return err
	}
	return r.done("", r.text("The run is cancelled. One that is under way ends once its worker has heard of it."))
}

func (u *UI) replayRun(r *request) error {
	run, err := u.Manage.Runs.Replay(r.Request.Context(), &r.in.User, r.Param("id"))
	if err != nil {
		return err
	}
	return r.done(runsPath+"/"+run.ID, r.text("The run is done again. This is the new one."))
}

// step is a station of a run's life.
type step struct {
	Name string
	At   time.Time // zero when it has not come to that
	Note string    // how long it took to come to that
}

// steps are the stations from the instant that the run is due to that at which its outcome was on disk. What is not to come
// any more, because it ended before, is left out.
func (r *request) steps(run runRow) []step {
	due := step{Name: r.text("Due"), At: run.Due}
	planned := step{Name: r.text("Planned"), At: run.PlannedAt}
	if before := run.Due.Sub(run.PlannedAt); before >= 0 {
		planned.Note = r.text("%s before it was due", messages.Length(before))
	} else {
		planned.Note = r.text("%s after it was due", messages.Length(-before))
	}
	steps := []step{due, planned}
	if !run.FireAt.Equal(run.Due) {
		steps = append(steps, step{Name: r.text("To be sent"), At: run.FireAt, Note: r.text("asked for earlier, or put off")})
	}
	if run.State == core.RunPlanned {
		return append(steps, step{Name: r.text("Sent")}, step{Name: r.text("Answered")}, step{Name: r.text("Recorded")})
	}
	if !run.State.Final() || !run.SentAt.IsZero() {
		sent := step{Name: r.text("Sent"), At: run.SentAt}
		if !run.SentAt.IsZero() {
			sent.Note = r.text("%s after it was to be", messages.Length(run.Late()))
		}
		steps = append(steps, sent)
	}
	if !run.State.Final() || !run.AnsweredAt.IsZero() {
		answered := step{Name: r.text("Answered"), At: run.AnsweredAt}
		if !run.AnsweredAt.IsZero() {
			answered.Note = r.text("took %s", messages.Length(run.AnsweredAt.Sub(run.SentAt)))
		}
		steps = append(steps, answered)
	}
	recorded := step{Name: r.text("Recorded"), At: run.RecordedAt}
	if !run.RecordedAt.IsZero() && !run.AnsweredAt.IsZero() {
		recorded.Note = r.text("%s later", messages.Length(max(run.RecordedAt.Sub(run.AnsweredAt), 0)))
	}
	return append(steps, recorded)
}

// Stretch says whether the run stands for several missed firings.
func (v runView) Stretch() bool { return v.Run.Count > 1 }

// Open says whether the run has not ended.
func (v runView) Open() bool { return !v.Run.State.Final() }

// UnderWay says whether a worker has the run.
func (v runView) UnderWay() bool { return v.Open() && v.Run.State != core.RunPlanned }

// Answer is the text of the answer, JSON with its lines broken; empty when there is none or when it is no text.
func (v runView) Answer() string {
	body := v.Run.Result.Response
	if !utf8.Valid(body) && !v.Run.Result.Truncated {
		return ""
	}
	var out bytes.Buffer
	if json.Indent(&out, body, "", "  ") == nil {
		return out.String()
	}
	return string(bytes.ToValidUTF8(body, nil))
}

// Family says whether the run has to do with other runs.
func (v runView) Family() bool {
	return v.Parent != nil || v.Original != nil || len(v.Children) > 0 || v.Run.ParentRunID != "" || v.Run.ReplayOf != ""
}

// ChildRows are the runs that this one caused.
func (v runView) ChildRows() []runRow { return rowsOf(v.Children, v.Titles) }

// ParentRow is the run that caused this one.
func (v runView) ParentRow() runRow { return rowsOf([]*core.Run{v.Parent}, v.Titles)[0] }
