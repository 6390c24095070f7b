package schedulemaster

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/carillonhq/carillon/core"
)

// bringWorkers makes the names known that executors refer to: those of ScheduleMaster's workers, and of such as it has lost.
// Nothing else of its nodes has a meaning here, where workers come by themselves.
func (im *importer) bringWorkers(ctx context.Context) error {
	if im.AnyWorker {
		return nil
	}
	nodes, err := im.source.nodes(ctx)
	if err != nil {
		return err
	}
	theirs := map[string]core.Node{}
	for _, n := range nodes {
		if n.kind == string(core.NodeWorker) {
			theirs[n.name] = core.Node{Kind: core.NodeWorker, Name: n.name, Weight: within(n.priority, core.DefaultWeight, core.MaxWeight), Slots: within(n.slots, core.DefaultSlots, core.MaxSlots)}
		}
	}
	tables := []string{"schedules"}
	if im.Start {
		tables = append(tables, pendingDelayed)
	}
	for _, table := range tables {
		executors, err := im.source.executors(ctx, table)
		if err != nil {
			return err
		}
		for _, names := range executors {
			for _, name := range names {
				if _, known := theirs[name]; !known {
					theirs[name] = core.Node{Kind: core.NodeWorker, Name: name, Weight: core.DefaultWeight, Slots: core.DefaultSlots}
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(theirs)) {
		if err := im.bringWorker(ctx, theirs[name]); err != nil {
			return err
		}
	}
	return nil
}

func (im *importer) bringWorker(ctx context.Context, n core.Node) error {
	line := Line{Verdict: Brought, Noun: Worker, Name: n.Name}
	if _, known := im.workers[n.Name]; known {
		line.Verdict = AsItWas
		return im.do(line, nil)
	}
	if err := n.Validate(); err != nil {
		line.Verdict, line.Notes = Left, []string{err.Error()}
		return im.do(line, nil)
	}
	im.workers[n.Name] = false
	line.Notes = []string{fmt.Sprintf("as a name that tasks refer to; a worker started with --name %s takes them", n.Name)}
	return im.do(line, func() error { return im.Store.KnowWorkers(ctx, []core.Node{n}) })
}

// within gives a number that ScheduleMaster says of a node, as far as it can be one here.
func within(n, fallback, most int64) int {
	if n < 1 {
		n = fallback
	}
	return int(min(n, most))
}
