package ui

import (
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/schedule"
	"github.com/carillonhq/carillon/web/messages"
)

// previewed is how many instants of a schedule the page shows.
const previewed = 10

// schedulePreview is what the schedule in the form means.
type schedulePreview struct {
	Words        string
	PreviewError string // why there are no instants
	PreviewZone  string
	Instants     []previewInstant
}

// previewInstant is an instant as the clock of the schedule's zone shows it.
type previewInstant struct {
	Day, Time, Offset, Exact string
	Showing                  schedule.Showing
}

// preview reads the schedule out of the form and says what it means. A form that is not whole yet has no preview.
func (u *UI) preview(v *taskEditView) {
	reader := taskReader{form: v.Form, earlier: v.Task, server: u.Zone}
	if reader.earlier == nil {
		reader.earlier = new(core.Task)
	}
	s := reader.schedule()
	v.Words, v.PreviewZone = messages.ScheduleWords(v.r.lang, &s), v.r.scheduleZone(zoneOr(s.Zone, u.Zone), s.Zone)
	err := reader.err
	var list []schedule.Instant
	if err == nil {
		list, err = u.Manage.Tasks.Preview(&s, time.Time{}, previewed)
	}
	switch {
	case core.CodeOf(err) == core.CodeMalformed && v.Form.refuse == nil:
		v.Form.takes(err) // it is told at its field
		return
	case err != nil:
		v.PreviewError = v.r.explain(err, 0)
		return
	}
	for _, i := range list {
		v.Instants = append(v.Instants, previewInstant{
			Day: i.At.Format(time.DateOnly) + " " + messages.ShortWeekday(v.r.lang, int(i.At.Weekday())+1), Time: i.At.Format(time.TimeOnly),
			Offset: i.At.Format("-07:00"), Exact: i.At.Format(time.RFC3339), Showing: i.Showing,
		})
	}
}
