package chaos

import (
	"slices"
	"time"

	"github.com/carillonhq/carillon/e2e/chaos/evidence"
	"github.com/carillonhq/carillon/internal/dbserver"
)

// wrong is how far the clock of a node is moved.
const wrong = 30 * time.Second

// drain is what a clean stop takes at most: the runs under way end first.
const drain = 26 * time.Second

// card deals one fault: its victim and its times are drawn when it is dealt.
type card struct {
	kind evidence.Kind
	deal func(p *planner) Planned
}

// deck is every kind of fault, the most usual ones more often, without those that are not wanted.
func deck(o Options) []card {
	cards := slices.Concat(processCards((*planner).worker), processCards((*planner).master), workerCards(),
		[]card{skewed((*planner).worker, wrong), skewed((*planner).worker, -wrong)})
	if o.Database == SQLite {
		// One machine, one clock: that of the database too. So only workers have a wrong one.
		cards = append(cards, fullDisk())
	} else {
		cards = slices.Concat(cards, masterCards(), databaseCards(), []card{skewed((*planner).master, wrong), skewed((*planner).master, -wrong)})
	}
	return slices.DeleteFunc(cards, func(c card) bool { return len(o.Kinds) > 0 && !slices.Contains(o.Kinds, c.kind) })
}

// processCards are what can be done to any process.
func processCards(who func(*planner) string) []card {
	kill := card{evidence.Kill, func(p *planner) Planned {
		return Planned{Node: who(p), For: p.between(0, 6*time.Second)}
	}}
	return []card{
		kill, kill,
		{evidence.Kill, func(p *planner) Planned { return Planned{Node: who(p), For: p.long()} }},
		{evidence.Freeze, func(p *planner) Planned { return Planned{Node: who(p), For: p.short()} }},
		{evidence.Freeze, func(p *planner) Planned { return Planned{Node: who(p), For: p.long()} }},
		{evidence.Stop, func(p *planner) Planned { return Planned{Node: who(p), For: drain} }},
	}
}

func workerCards() []card {
	cut := func(ways Ways, length func(*planner) time.Duration, all bool) card {
		return card{evidence.Cut, func(p *planner) Planned {
			f := Planned{Node: p.worker(), For: length(p), Peers: p.masters, Ways: ways}
			if !all {
				f.Peers = []string{p.master()}
			}
			return f
		}}
	}
	return []card{
		cut(Both, (*planner).short, true), cut(Both, (*planner).long, true), cut(Both, (*planner).long, false),
		cut(Out, (*planner).long, true), cut(Back, (*planner).long, true),
		{evidence.Drop, func(p *planner) Planned { return Planned{Node: p.worker(), Peers: p.masters} }},
	}
}

func masterCards() []card {
	cut := func(ways Ways, length func(*planner) time.Duration, from ...string) card {
		return card{evidence.Cut, func(p *planner) Planned {
			return Planned{Node: p.master(), For: length(p), Peers: from, Ways: ways}
		}}
	}
	return []card{
		cut(Both, (*planner).short, evidence.Database), cut(Both, (*planner).long, evidence.Database),
		cut(Back, (*planner).long, evidence.Database),
		cut(Both, (*planner).long, workersOf), cut(Both, (*planner).long, evidence.Database, workersOf),
		{evidence.Drop, func(p *planner) Planned {
			return Planned{Node: p.master(), Peers: []string{evidence.Database}}
		}},
	}
}

func databaseCards() []card {
	restart := func(how dbserver.Stop, least, most time.Duration) card {
		return card{evidence.Restart, func(p *planner) Planned {
			return Planned{Node: evidence.Database, How: how, For: p.between(least, most)}
		}}
	}
	return []card{
		restart(dbserver.Fast, 0, 2*time.Second), restart(dbserver.Immediate, 0, 2*time.Second), restart(dbserver.Kill, 0, 2*time.Second),
		// Away for longer than any lease.
		{evidence.Restart, func(p *planner) Planned {
			return Planned{Node: evidence.Database, How: dbserver.Kill, For: p.long()}
		}},
	}
}

func skewed(who func(*planner) string, offset time.Duration) card {
	return card{evidence.Skew, func(p *planner) Planned {
		return Planned{Node: who(p), For: p.long(), Offset: offset}
	}}
}

func fullDisk() card {
	return card{evidence.Disk, func(p *planner) Planned {
		return Planned{Node: evidence.Database, For: p.short()}
	}}
}
