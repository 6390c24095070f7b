// Package verdict holds what a chaos run left behind against what Carillon promises. Every rule is a count that must be
// zero; whatever breaks one is named with the ids to follow it up by.
//
// # What must have fired
//
// A task's due instants are computed here, from its seconds and from when its starts and stops were asked for and answered:
// those between the answer to a start and the asking for the next stop must each have their outcome; those between the asking
// and the answer may have one; there may be no others. A call that was not acknowledged may be carried out at any later
// moment, as when the master that has it is frozen, so nothing is asked of that task afterwards. A delayed task whose
// creation was acknowledged must have one occurrence, a parent's run that succeeded must have one of its child, and a run
// that was lost must be done again unless its task asks for at most once.
//
// # What the policies of a task promise
//
// A firing that goes to several workers is whole: each of its parts is there once, with one occurrence, and they are as many as
// there were workers that surely took runs when it was planned, and no more than those that may have. A broadcast names each
// of them, is done by nobody else, and is given up only for one that was gone. Its child is fired once, when every part has
// succeeded.
//
// Under every overlap policy but allow, no two firings of a task are in force at once, nor does one come between the parts
// of another. Under forbid, a firing is turned away only while another is unfinished. Under queue, firings are dispatched in
// the order of their due instants, what is done again after a loss in its old place, and one is turned away only while as
// many as may are waiting. Under replace, one is cancelled or skipped only for a later one, which its reason names, and is
// ended within seconds of that one's instant: the later one is late otherwise.
//
// A firing is missed only when something held it up for as long as that takes, and when as many later ones as its task makes
// up for were not missed. One that is made up for was too late when that was decided, and fewer later ones than are made up
// for were. None is sent too late as if it were in time.
//
// # What may be late
//
// A firing has Bounds.Slack after its instant when nothing was done to the cluster. A fault gives it until lease and
// margin after the fault's beginning, or after its end when nothing could stand in for what was struck; a clean stop, which
// must hold nothing up, gives it none. A fault that begins
// within the time that an earlier one gives extends it, because a process that took over may be struck too. A run done
// again after a loss has the time that the fault which caused the loss gives. What waits for its task's guard is given
// until the run that has the guard is recorded, under replace until that could have been ended. A broadcast waits for its
// worker, also for one that is stopped cleanly.
//
// # What is excused
//
// Delivery is at least once: a request may be repeated around a fault, under the same key. What a frozen process sends on
// waking it may send with a token that is no longer valid; nobody can keep it from that, and it is counted apart.
package verdict

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/carillonhq/carillon/e2e/chaos/evidence"
)

// Rule is a promise, by what breaks it.
type Rule string

// The rules.
const (
	CreationMissing Rule = "acknowledged creations missing"
	FiringLost      Rule = "firings lost"
	FiringDoubled   Rule = "firings with more than one outcome"
	FiringUnasked   Rule = "firings that nobody asked for"
	NotWhole        Rule = "firings to several workers that are not whole"
	Displaced       Rule = "runs done by a worker they were not for"
	Overlap         Rule = "overlaps of a task that allows none"
	OutOfOrder      Rule = "queued firings out of their order"
	Unheld          Rule = "requests that went on after their run was given up"
	WrongKey        Rule = "deliveries under another key or number"
	Denied          Rule = "deliveries that the records deny"
	RepeatAlone     Rule = "repeated deliveries without a fault"
	RepeatOnce      Rule = "repeated deliveries of an at-most-once task"
	LossAlone       Rule = "runs lost without a fault"
	FailureAlone    Rule = "failures of a healthy target without a fault"
	WrongEnd        Rule = "conflicts, misses, cancellations and replacements without a cause"
	MadeUp          Rule = "late firings that were not made up for as their task says"
	WrongDue        Rule = "due instants other than asked for"
	Early           Rule = "firings before their instant"
	Late            Rule = "firings later than promised"
	Crash           Rule = "processes that ended by themselves, or did not come or go when told to"
)

// Rules are all rules, in the order of a report.
func Rules() []Rule {
	return []Rule{CreationMissing, FiringLost, FiringDoubled, FiringUnasked, NotWhole, Displaced, Overlap, OutOfOrder, Unheld, WrongKey, Denied,
		RepeatAlone, RepeatOnce, LossAlone, FailureAlone, WrongEnd, MadeUp, WrongDue, Early, Late, Crash}
}

// Bounds are the times that the rules allow. The zero value of a field is its default.
type Bounds struct {
	// Margin is what a firing may take beside the lease after a death. Defaults to 2 s.
	Margin time.Duration `json:"margin"`
	// Slack is how late a firing may be when nothing was done to the cluster. Defaults to 2 s.
	Slack time.Duration `json:"slack"`
	// Clocks is how far two processes on this machine may disagree about an instant. Defaults to 250 ms.
	Clocks time.Duration `json:"clocks"`
}

func (b *Bounds) complete() {
	b.Margin = cmp.Or(b.Margin, 2*time.Second)
	b.Slack = cmp.Or(b.Slack, 2*time.Second)
	b.Clocks = cmp.Or(b.Clocks, 250*time.Millisecond)
}

// Breach is one case of a broken rule.
type Breach struct {
	Rule Rule   `json:"rule"`
	Text string `json:"text"` // what happened, with the ids
	// Size says how bad it is where that can be told, such as by how much a firing was too late.
	Size time.Duration `json:"size,omitempty"`
}

// Verdict is what came of a run.
type Verdict struct {
	Figures  Figures  `json:"figures"`
	Lateness Lateness `json:"lateness"`
	// Breaches are all, the worst of each rule first.
	Breaches []Breach `json:"breaches"`
}

// Figures are what the rules looked at, so that a verdict without breaches says how much it is worth.
type Figures struct {
	Creations   int `json:"creations"`   // acknowledged, of tasks and delayed tasks
	Firings     int `json:"firings"`     // that had to have an outcome
	Occurrences int `json:"occurrences"` // recorded
	Runs        int `json:"runs"`        // recorded
	Arrivals    int `json:"arrivals"`
	// Outcomes counts the recorded runs by state.
	Outcomes map[string]int `json:"outcomes"`
	// Repeats are deliveries of an occurrence beyond its first that a fault explains; RepeatsByTarget those that the target
	// brought about by breaking its connection.
	Repeats         int `json:"repeats"`
	RepeatsByTarget int `json:"repeatsByTarget"`
	// Woken are deliveries that a frozen process made on waking, with a token that was no longer valid.
	Woken int `json:"woken"`
	// Spread counts the firings that went to several workers, Waited those that waited for another of their task and were sent,
	// Replaced those that a later one took the place of, MadeUp those that were too late and sent all the same, and Missed
	// the instants of tasks without a guard that were not.
	Spread   int `json:"spread"`
	Waited   int `json:"waited"`
	Replaced int `json:"replaced"`
	MadeUp   int `json:"madeUp"`
	Missed   int `json:"missed"`
}

// Count is how often a rule was broken.
func (v *Verdict) Count(r Rule) int {
	n := 0
	for i := range v.Breaches {
		if v.Breaches[i].Rule == r {
			n++
		}
	}
	return n
}

// Judge judges.
func Judge(e *evidence.Evidence, b Bounds) *Verdict {
	b.complete()
	j := newJudge(e, b)
	j.creations()
	j.schedules()
	j.delayed()
	j.children()
	j.spreads()
	j.occurrencesHold()
	j.endings()
	j.deliveries()
	j.overlaps()
	j.misfires()
	j.punctuality()
	j.troubles()
	j.v.Figures.Woken = len(j.woken)
	slices.SortStableFunc(j.v.Breaches, func(a, b Breach) int {
		order := Rules()
		return cmp.Or(cmp.Compare(slices.Index(order, a.Rule), slices.Index(order, b.Rule)), cmp.Compare(b.Size, a.Size))
	})
	return &j.v
}

func (j *judge) troubles() {
	for _, t := range j.e.Troubles {
		if !t.Excused {
			j.breach(Crash, 0, "%s %s at %s; its log ends with\n%s", t.Node, t.What, stamp(t.At), t.Words)
		}
	}
}

func (j *judge) breach(rule Rule, size time.Duration, format string, args ...any) {
	j.v.Breaches = append(j.v.Breaches, Breach{Rule: rule, Size: size, Text: fmt.Sprintf(format, args...)})
}

// stamp shows an instant to the millisecond.
func stamp(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format("15:04:05.000")
}
