package verdict

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/e2e/chaos/evidence"
)

// freeze has a process stand still, so that what it does on waking can be told apart.
func freeze(e *evidence.Evidence, node string, from, to float64) {
	e.Faults = append(e.Faults, evidence.Fault{ID: len(e.Faults) + 1, Kind: evidence.Freeze, Node: node, Began: at(from), Ended: at(to)})
}

// calm takes the fault away, and with it what it explains.
func calm(e *evidence.Evidence) { e.Faults = nil }

// twice has a run arrive once more.
func twice(e *evidence.Evidence, run string, when time.Time) *evidence.Arrival {
	a := *arrival(e, run)
	a.At, a.Ended = when, when.Add(ms)
	e.Arrivals = append(e.Arrivals, a)
	return &e.Arrivals[len(e.Arrivals)-1]
}

// spoilt is a way in which a run can break promises.
type spoilt struct {
	spoil func(*evidence.Evidence)
	want  []Rule
}

// Each way in which a run can break a promise is found, and taken for nothing else.
func TestBreachesAreFound(t *testing.T) {
	t.Parallel()
	covered := map[Rule]bool{}
	for _, of := range []struct {
		base func() *evidence.Evidence
		rows map[string]spoilt
	}{{sound, breaches()}, {policied, policyBreaches()}} {
		for name, row := range of.rows {
			for _, rule := range row.want {
				covered[rule] = true
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				e := of.base()
				row.spoil(e)
				require.ElementsMatch(t, row.want, broken(t, e))
			})
		}
	}
	for _, rule := range Rules() {
		require.True(t, covered[rule], "%s has no case", rule)
	}
}

func breaches() map[string]spoilt {
	return map[string]spoilt{
		"a task that was acknowledged is gone": {func(e *evidence.Evidence) { e.KnownTasks = e.KnownTasks[:2] }, []Rule{CreationMissing}},
		"a delayed task that was acknowledged is gone": {func(e *evidence.Evidence) {
			e.KnownDelayed = e.KnownDelayed[1:]
			drop(e, "good.1")
		}, []Rule{CreationMissing}},
		"an instant has no run": {func(e *evidence.Evidence) { drop(e, "parent@20") }, []Rule{FiringLost}},
		"a delayed task has no run": {func(e *evidence.Evidence) {
			drop(e, "good.1")
		}, []Rule{FiringLost}},
		"a run has no outcome":                   {func(e *evidence.Evidence) { run(e, "once@20").State = string(core.RunRunning) }, []Rule{FiringLost}},
		"a run that was lost is not done again":  {func(e *evidence.Evidence) { drop(e, "parent@30.2") }, []Rule{FiringLost}},
		"a retry is missing":                     {func(e *evidence.Evidence) { drop(e, "bad.1.3") }, []Rule{FiringLost}},
		"a child was not fired":                  {func(e *evidence.Evidence) { drop(e, "c-parent@20") }, []Rule{FiringLost}},
		"what is recorded as done never arrived": {func(e *evidence.Evidence) { e.Arrivals = slices.DeleteFunc(e.Arrivals, of("good.1")) }, []Rule{FiringLost}},
		"a delayed task did not end with its run": {func(e *evidence.Evidence) {
			e.KnownDelayed[0].State = string(core.DelayedReady)
		}, []Rule{FiringLost}},
		"an instant has two runs": {func(e *evidence.Evidence) {
			r := first("once", at(20))
			r.ID, r.Occurrence = "other", "other"
			deliver(e, r, 5*ms, ms)
		}, []Rule{FiringDoubled}},
		"an instant has a run and is missed": {func(e *evidence.Evidence) {
			e.Runs = append(e.Runs, evidence.Run{ID: "m", Occurrence: "m", Task: "once", Trigger: string(core.TriggerSchedule), Attempt: 1,
				State: string(core.RunMissed), Due: at(10), LastDue: at(20), Count: 2, RecordedAt: at(81)})
		}, []Rule{FiringDoubled, WrongEnd}},
		"a child was fired twice": {func(e *evidence.Evidence) {
			c := *run(e, "c-parent@20")
			c.ID, c.Occurrence = "other", "other"
			deliver(e, &c, 5*ms, ms)
		}, []Rule{FiringDoubled}},
		"a delayed task was created twice": {func(e *evidence.Evidence) {
			d := e.KnownDelayed[0]
			d.ID = "other"
			e.KnownDelayed = append(e.KnownDelayed, d)
			r := *run(e, "good.1")
			r.ID, r.Occurrence, r.Delayed = "other.1", "other.1", "other"
			deliver(e, &r, 5*ms, ms)
		}, []Rule{FiringDoubled}},
		"a run that succeeded is done again": {func(e *evidence.Evidence) {
			r := again(run(e, "good.1"), core.RunSucceeded)
			deliver(e, r, 8000*ms, ms)
			r.DispatchedAt = at(28)
		}, []Rule{FiringDoubled, Late}},
		"an attempt is missing": {func(e *evidence.Evidence) { drop(e, "bad.1.2") }, []Rule{FiringDoubled}},
		"a stopped task fires": {func(e *evidence.Evidence) {
			deliver(e, first("once", at(70)), 5*ms, ms)
		}, []Rule{FiringUnasked}},
		"an instant between those of the schedule": {func(e *evidence.Evidence) {
			deliver(e, first("once", at(23)), 5*ms, ms)
		}, []Rule{FiringUnasked}},
		"a delayed task that nobody created": {func(e *evidence.Evidence) { e.Delayed = e.Delayed[1:] }, []Rule{FiringUnasked}},
		"a child of a run that failed": {func(e *evidence.Evidence) {
			run(e, "parent@20").State = string(core.RunFailed)
		}, []Rule{FiringUnasked, FailureAlone}},
		"two runs in force at once, by the records": {func(e *evidence.Evidence) {
			run(e, "parent@20").RecordedAt = at(26)
		}, []Rule{Overlap}},
		"two runs in force at once, at the sink": {func(e *evidence.Evidence) {
			run(e, "parent@20").RecordedAt = at(26)
			arrival(e, "parent@20").Ended = at(25.9)
		}, []Rule{Overlap}},
		"a worker goes on with what was taken from it": {func(e *evidence.Evidence) {
			e.Faults[0].Kind = evidence.Cut
			arrival(e, "parent@30").Ended = at(42)
		}, []Rule{Overlap, Unheld}},
		"a worker goes on with what was taken from it, beside nothing": {func(e *evidence.Evidence) {
			e.Faults[0].Kind = evidence.Cut
			arrival(e, "parent@30").Ended, arrival(e, "parent@30").GivenUp = at(40.8), false
		}, []Rule{Unheld}},
		"another key":                       {func(e *evidence.Evidence) { arrival(e, "parent@30.2").Key = "other" }, []Rule{WrongKey}},
		"another number":                    {func(e *evidence.Evidence) { arrival(e, "parent@30.2").Attempt = 1 }, []Rule{WrongKey}},
		"another task":                      {func(e *evidence.Evidence) { arrival(e, "good.1").Delayed = "bad" }, []Rule{WrongKey}},
		"an occurrence without a first run": {func(e *evidence.Evidence) { renameOccurrence(e, "good.1", "other") }, []Rule{WrongKey}},
		"a request of no run":               {func(e *evidence.Evidence) { e.Arrivals = append(e.Arrivals, evidence.Arrival{At: at(20), Run: "x"}) }, []Rule{Denied}},
		"a request after the outcome":       {func(e *evidence.Evidence) { twice(e, "good.1", at(31)) }, []Rule{Denied}},
		"a run that is a conflict was sent": {func(e *evidence.Evidence) {
			conflict(e, "parent@20", at(20.01))
			run(e, "parent@15").RecordedAt = at(20.02)
		}, []Rule{Denied}},
		"a request repeated with no fault": {func(e *evidence.Evidence) { twice(e, "good.1", at(20.06)) }, []Rule{RepeatAlone}},
		"at most once, done again":         {func(e *evidence.Evidence) { twice(e, "once@30", at(30.01)) }, []Rule{RepeatOnce}},
		"a run lost with no fault":         {calm, []Rule{RepeatAlone, LossAlone}},
		"a run lost by a fault of another": {func(e *evidence.Evidence) { e.Faults[0].Node = "w4" }, []Rule{LossAlone}},
		"a run lost by a clean stop":       {func(e *evidence.Evidence) { e.Faults[0].Kind = evidence.Stop }, []Rule{RepeatAlone, LossAlone}},
		"late after a clean stop": {func(e *evidence.Evidence) {
			e.Faults = append(e.Faults, evidence.Fault{Kind: evidence.Stop, Node: "m1", Began: at(19), Ended: at(29)})
			arrival(e, "once@20").At, run(e, "once@20").RecordedAt = at(22.1), at(22.2)
		}, []Rule{Late}},
		"a healthy target fails": {func(e *evidence.Evidence) { run(e, "once@20").State = string(core.RunTimedOut) }, []Rule{FailureAlone}},
		"a conflict with nothing in the way": {func(e *evidence.Evidence) {
			conflict(e, "parent@20", at(20.01))
			e.Arrivals = slices.DeleteFunc(e.Arrivals, of("parent@20"))
		}, []Rule{WrongEnd}},
		"a conflict of a task that allows overlap": {func(e *evidence.Evidence) {
			conflict(e, "once@20", at(20.01))
			run(e, "once@10").RecordedAt = at(20.02)
			e.Arrivals = slices.DeleteFunc(e.Arrivals, of("once@20"))
		}, []Rule{WrongEnd}},
		"missed though not late": {func(e *evidence.Evidence) {
			e.Arrivals = slices.DeleteFunc(e.Arrivals, of("once@20"))
			end(run(e, "once@20"), core.RunMissed, at(22))
		}, []Rule{WrongEnd}},
		"cancelled by nobody": {func(e *evidence.Evidence) {
			e.Arrivals = slices.DeleteFunc(e.Arrivals, of("once@20"))
			end(run(e, "once@20"), core.RunCancelled, at(20))
		}, []Rule{WrongEnd}},
		"due earlier than asked for": {func(e *evidence.Evidence) { e.KnownDelayed[0].Due = at(-10) }, []Rule{WrongDue}},
		"due later than asked for":   {func(e *evidence.Evidence) { e.KnownDelayed[0].Due = at(50) }, []Rule{WrongDue}},
		"sent early": {func(e *evidence.Evidence) {
			arrival(e, "once@20").At = at(19.5)
		}, []Rule{Early}},
		"late with no fault": {func(e *evidence.Evidence) {
			arrival(e, "once@20").At, run(e, "once@20").RecordedAt = at(22.1), at(22.2)
		}, []Rule{Late}},
		"later than the lease after a death": {func(e *evidence.Evidence) {
			arrival(e, "parent@30.2").At, arrival(e, "parent@30.2").Ended = at(42.1), at(42.2)
			run(e, "parent@30.2").RecordedAt = at(42.3)
		}, []Rule{Late}},
		"a process crashed": {func(e *evidence.Evidence) {
			e.Troubles = []evidence.Trouble{{Node: "m1", At: at(20), What: "ended by itself"}}
		}, []Rule{Crash}},
	}
}

func of(run string) func(evidence.Arrival) bool {
	return func(a evidence.Arrival) bool { return a.Run == run }
}

func conflict(e *evidence.Evidence, id string, recorded time.Time) {
	e.Runs = slices.DeleteFunc(e.Runs, func(r evidence.Run) bool { return r.Parent == id })
	e.Arrivals = slices.DeleteFunc(e.Arrivals, func(a evidence.Arrival) bool { return a.Run == "c-"+id })
	end(run(e, id), core.RunConflict, recorded)
}

func renameOccurrence(e *evidence.Evidence, id, name string) {
	run(e, id).Occurrence, arrival(e, id).Key = name, name
}

// What the design allows is no breach.
func TestWhatIsAllowedIsNoBreach(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		bend  func(*evidence.Evidence)
		woken int
	}{
		"a stretch missed for more than a minute": {bend: func(e *evidence.Evidence) {
			e.Faults = append(e.Faults, evidence.Fault{Kind: evidence.Restart, Node: evidence.Database, Began: at(9), Ended: at(80), Whole: true})
			for _, id := range []string{"once@10", "once@20"} {
				drop(e, id)
			}
			e.Runs = append(e.Runs, evidence.Run{ID: "m", Occurrence: "m", Task: "once", Trigger: string(core.TriggerSchedule), Attempt: 1,
				State: string(core.RunMissed), Due: at(10), LastDue: at(20), Count: 2, RecordedAt: at(81)})
		}},
		"until a clean stop of all there is": {bend: func(e *evidence.Evidence) {
			e.Faults = append(e.Faults, evidence.Fault{Kind: evidence.Stop, Node: "m1", Began: at(19), Ended: at(29), Whole: true})
			arrival(e, "once@20").At, arrival(e, "once@20").Ended, run(e, "once@20").RecordedAt = at(30.9), at(30.91), at(30.92)
		}},
		"lost, and its task stopped before that was known": {bend: func(e *evidence.Evidence) {
			e.Tasks[0].Moves[1].Asked, e.Tasks[0].Moves[1].Answered = at(36), at(36.1)
			for _, id := range []string{"parent@30.2", "parent@40", "parent@45", "parent@50", "parent@55", "parent@60"} {
				drop(e, id)
			}
		}},
		"a conflict with a run that was withdrawn on its way to a worker": {bend: func(e *evidence.Evidence) {
			e.Tasks[0].Moves[1].Asked, e.Tasks[0].Moves[1].Answered = at(57), at(57.1)
			drop(e, "parent@60")
			for id, recorded := range map[string]time.Time{"parent@50": at(58), "parent@55": at(55.01)} {
				conflict(e, id, recorded)
				e.Arrivals = slices.DeleteFunc(e.Arrivals, of(id))
			}
			end(run(e, "parent@50"), core.RunCancelled, at(58))
		}},
		"a planned run withdrawn by a stop": {bend: func(e *evidence.Evidence) {
			r := first("once", at(70))
			end(r, core.RunCancelled, at(61.01))
			e.Runs = append(e.Runs, *r)
		}},
		"a run after a start that was not acknowledged": {bend: func(e *evidence.Evidence) {
			t := &e.Tasks[2]
			t.Moves = append(t.Moves, evidence.Move{Starts: true, Asked: at(62), Answered: at(63), Answer: evidence.Unclear})
			deliver(e, first("once", at(70)), 5*ms, ms)
		}},
		"no run after a stop that was not acknowledged": {bend: func(e *evidence.Evidence) {
			e.Tasks[2].Moves[1].Asked, e.Tasks[2].Moves[1].Answer = at(35), evidence.Unclear
			drop(e, "once@40")
		}},
		"a task whose creation was not acknowledged fires, and is stopped": {bend: func(e *evidence.Evidence) {
			deliver(e, first("unknown", at(20)), 5*ms, ms)
			r := first("unknown", at(70))
			end(r, core.RunCancelled, at(61.01))
			e.Runs = append(e.Runs, *r)
		}},
		"a run done again waits for the guard": {bend: func(e *evidence.Evidence) {
			run(e, "parent@30").RecordedAt = at(39.9)
			drop(e, "parent@40")
			deliver(e, first("parent", at(40)), 5*ms, 20*time.Second)
			run(e, "parent@40").State = string(core.RunFailed)
			e.Tasks[0].Path = "/bad"
			for _, id := range []string{"parent@45", "parent@50", "parent@55", "parent@60"} {
				conflict(e, id, run(e, id).Due)
				e.Arrivals = slices.DeleteFunc(e.Arrivals, of(id))
			}
			arrival(e, "parent@30.2").At, arrival(e, "parent@30.2").Ended = at(62), at(62.1)
			run(e, "parent@30.2").DispatchedAt, run(e, "parent@30.2").RecordedAt = at(61.9), at(62.2)
		}},
		"a creation tried and not acknowledged": {bend: func(e *evidence.Evidence) {
			e.Delayed = append(e.Delayed, evidence.Delayed{Key: "never", Answer: evidence.Unclear})
			e.Delayed[0].Answer, e.Delayed[0].ID = evidence.Unclear, ""
		}},
		"at most once, lost": {bend: func(e *evidence.Evidence) {
			e.Faults[0].Node = "w2"
			run(e, "once@30").State = string(core.RunLost)
			run(e, "parent@30").Worker = "w2"
		}},
		"a frozen worker sends on waking what is no longer its own": {bend: func(e *evidence.Evidence) {
			freeze(e, "w1", 29.99, 45)
			a := twice(e, "parent@30", at(45.01))
			a.Ended = at(45.02)
		}, woken: 1},
		"a frozen worker's request is open while another does the run again": {bend: func(e *evidence.Evidence) {
			freeze(e, "w1", 30.006, 45)
			e.Faults = e.Faults[1:]
			arrival(e, "parent@30").Ended = at(45)
		}, woken: 1},
		"a callback timed out on a frozen worker": {bend: func(e *evidence.Evidence) {
			freeze(e, "w2", 20, 26)
			run(e, "once@20").State = string(core.RunTimedOut)
		}},
		"late after a frozen master, which stands still for longer than its lease": {bend: func(e *evidence.Evidence) {
			freeze(e, "m1", 19, 38)
			arrival(e, "once@20").At, arrival(e, "once@20").Ended, run(e, "once@20").RecordedAt = at(30.9), at(30.91), at(30.95)
		}},
		"late until the database is back": {bend: func(e *evidence.Evidence) {
			e.Faults = append(e.Faults, evidence.Fault{Kind: evidence.Restart, Node: evidence.Database, Began: at(19), Ended: at(39), Whole: true})
			arrival(e, "once@20").At, arrival(e, "once@20").Ended, run(e, "once@20").RecordedAt = at(50.9), at(50.91), at(50.95)
			arrival(e, "parent@30.2").At, arrival(e, "parent@30.2").Ended, run(e, "parent@30.2").RecordedAt = at(43), at(43.1), at(43.2)
		}},
		"two deaths one after the other": {bend: func(e *evidence.Evidence) {
			e.Faults = append(e.Faults, evidence.Fault{Kind: evidence.Kill, Node: "m2", Began: at(38), Ended: at(39)})
			arrival(e, "parent@30.2").At, arrival(e, "parent@30.2").Ended, run(e, "parent@30.2").RecordedAt = at(48), at(48.1), at(48.2)
			run(e, "parent@30.2").DispatchedAt = at(47.9)
			for _, id := range []string{"parent@35", "parent@40", "parent@45"} {
				run(e, id).Worker = "w2"
			}
		}},
		"a target breaks its connection": {bend: func(e *evidence.Evidence) { twice(e, "broken.1", at(20.058)) }},
		"a process without a database does not start": {bend: func(e *evidence.Evidence) {
			e.Troubles = []evidence.Trouble{{Node: "m1", At: at(20), What: "ended by itself", Excused: true}}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := sound()
			row.bend(e)
			require.Empty(t, broken(t, e))
			require.Equal(t, row.woken, Judge(e, Bounds{}).Figures.Woken)
		})
	}
}
