package manage

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

const (
	// overviewDays is how many days of outcomes an overview has, with today.
	overviewDays = 10
	// overviewHours is how many hours of outcomes it has, with this one.
	overviewHours = 24
	// overviewShown is how many coming firings and failing tasks it has.
	overviewShown = 8
	// overdueAfter is how late a planned run may be before it counts as overdue.
	overdueAfter = 10 * time.Second
)

// Overviews is the service of what administrators look at first.
type Overviews struct{ store *store.Store }

// Overview is how things stand.
type Overview struct {
	Tasks map[core.TaskState]int64
	// Days are the outcomes of the last ten days, the last one being today; Hours those of the last 24 hours, the last one
	// being this one.
	Days, Hours []Outcomes
	// Lateness is how late the runs of the last 24 hours were sent.
	Lateness core.LatenessCounts
	// Open are the runs that have not ended, by state. Overdue of them are planned and late; Unrouted have no worker.
	Open     map[core.RunState]int64
	Overdue  int64
	Unrouted int64
	Next     []store.Firing
	// Failing are the running tasks whose last run did not succeed, the latest; FailingTotal is how many there are.
	Failing      []store.FailingTask
	FailingTotal int64
	// MostFailing and Slowest are tasks by the latest runs of the last day; GivenUp is how many of the latest delayed tasks
	// failed for good in that time.
	MostFailing, Slowest []TaskLoad
	GivenUp              int
	Nodes                []core.Node
	At                   time.Time
}

// Outcomes is how many runs ended in each way from an instant on, for an hour or a day.
type Outcomes struct {
	From time.Time
	Runs map[core.RunState]int64
}

// Get reads how things stand, with the days and hours of a zone.
func (s *Overviews) Get(ctx context.Context, zone *time.Location) (*Overview, error) {
	o := &Overview{At: s.store.Now()}
	y, m, d := o.At.In(zone).Date()
	since := time.Date(y, m, d+1-overviewDays, 0, 0, 0, 0, zone)
	counts, err := s.store.HourlyCounts(ctx, core.DefaultNamespace, since)
	if err != nil {
		return nil, err // the database is away, and would be so for the others too
	}
	o.sum(counts, since)
	lengths, err := s.store.QueueLengths(ctx)
	o.Unrouted = lengths[core.QueueUnrouted]
	errs := []error{err}
	o.Tasks, err = s.store.CountTaskStates(ctx)
	errs = append(errs, err)
	o.Open, err = s.store.QueueDepth(ctx)
	errs = append(errs, err)
	o.Overdue, err = s.store.Overdue(ctx, o.At.Add(-overdueAfter))
	errs = append(errs, err)
	o.Next, err = s.store.NextFirings(ctx, overviewShown)
	errs = append(errs, err)
	o.Failing, o.FailingTotal, err = s.store.FailingTasks(ctx, overviewShown)
	errs = append(errs, err)
	o.Nodes, err = s.store.Nodes(ctx)
	return o, errors.Join(append(errs, err, s.load(ctx, o))...)
}

// sum puts the counts of hours in order, one for each day since an instant in its zone, and for each of the last hours.
// Where a zone is off by a part of an hour, an hour belongs to the day that it ends in.
func (o *Overview) sum(counts []store.HourCount, since time.Time) {
	zone := since.Location()
	o.Days, o.Hours = make([]Outcomes, overviewDays), make([]Outcomes, overviewHours)
	for i := range o.Days {
		o.Days[i] = Outcomes{since.AddDate(0, 0, i), map[core.RunState]int64{}}
	}
	first := o.At.UTC().Truncate(time.Hour).Add((1 - overviewHours) * time.Hour)
	for i := range o.Hours {
		o.Hours[i] = Outcomes{first.Add(time.Duration(i) * time.Hour).In(zone), map[core.RunState]int64{}}
	}
	o.Lateness = core.LatenessCounts{}
	for _, c := range counts {
		if i := lastFrom(o.Days, c.Hour.Add(time.Hour-1)); i >= 0 {
			o.Days[i].Runs[c.Outcome] += c.Runs
		}
		if i := lastFrom(o.Hours, c.Hour); i >= 0 {
			o.Hours[i].Runs[c.Outcome] += c.Runs
			o.Lateness[c.Lateness] += c.Runs
		}
	}
}

// lastFrom is the last of some outcomes in order that do not begin after an instant; -1 when all do.
func lastFrom(all []Outcomes, at time.Time) int {
	for i, o := range slices.Backward(all) {
		if !o.From.After(at) {
			return i
		}
	}
	return -1
}
