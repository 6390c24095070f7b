package v1

import (
	"net/http"
	"strconv"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/zonename"
	"github.com/carillonhq/carillon/web/messages"
)

// defaultPreview is how many instants a preview shows when it is not said.
const defaultPreview = 10

// Preview is what a schedule means: in words, and by its next instants.
type Preview struct {
	Words    Words            `json:"words"`
	Zone     string           `json:"zone"`
	Instants []PreviewInstant `json:"instants"`
}

// Words is a text in the languages of Carillon.
type Words struct {
	English string `json:"en"`
	Chinese string `json:"zh"`
}

// PreviewInstant is an instant at which a schedule is due.
type PreviewInstant struct {
	At Instant `json:"at"`
	// Local is what the clock of the zone shows then, with its offset.
	Local string `json:"local"`
	// Shown is shifted, first or second where a change of the clock touches the instant.
	Shown string `json:"shown,omitempty"`
}

func (a *api) previewSchedule(r *request) error {
	q := r.query
	s := Schedule{
		Kind: string(choice(q, "kind", core.ScheduleCron, core.ScheduleInterval, core.ScheduleOnce)), Cron: q.text("cron"),
		Interval: Duration(q.text("interval")), Zone: q.text("zone"), Start: Instant(q.text("start")), End: Instant(q.text("end")),
	}
	from, count := q.instant("from"), defaultPreview
	if text := q.text("count"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			q.fail("count", "must be a whole number")
		}
		count = n
	}
	if q.err != nil {
		return q.err
	}
	if s.Kind == "" {
		s.Kind = string(core.ScheduleCron)
	}
	var v values
	what := s.core(&v)
	if v.err != nil {
		return v.err
	}
	list, err := a.Tasks.Preview(&what, from, count)
	if err != nil {
		return err
	}
	out := Preview{
		Words: Words{messages.ScheduleWords(messages.English, &what), messages.ScheduleWords(messages.Chinese, &what)},
		Zone:  s.Zone, Instants: []PreviewInstant{},
	}
	if out.Zone == "" {
		out.Zone = zonename.Of(a.Tasks.Zone(), a.Nodes.Now())
	}
	for _, i := range list {
		out.Instants = append(out.Instants, PreviewInstant{instantOf(i.At), i.At.Format(time.RFC3339Nano), string(i.Showing)})
	}
	return reply(r, http.StatusOK, out)
}
