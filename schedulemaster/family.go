package schedulemaster

import (
	"context"
	"slices"

	"github.com/carillonhq/carillon/core"
)

// arrange gives each task its children and puts children before their parents: a task can only name children that are there.
// Left out are children that will not be here, and those that would have a task fire itself for ever, which ScheduleMaster
// allows. Of a circle the edge that is here already stays, so that an import that is repeated cuts it at the same place.
func (im *importer) arrange(ctx context.Context, all []*candidate) ([]*candidate, error) {
	f := family{byID: map[string]*candidate{}, children: map[string][]string{}}
	var outside []string
	for _, c := range all {
		f.byID[c.id] = c
	}
	for _, c := range all {
		for _, child := range c.schedule.children {
			if f.byID[child] == nil {
				outside = append(outside, child)
			}
		}
	}
	var err error
	if f.outside, err = im.Store.TaskStates(ctx, outside); err != nil {
		return nil, err
	}
	for _, c := range all {
		f.children[c.id] = c.childrenToday()
	}
	for _, c := range all {
		if !c.settled {
			c.task.Children = f.adopt(c)
		}
	}
	var order []*candidate
	seen := map[string]bool{}
	for _, c := range all {
		order = f.after(c.id, seen, order)
	}
	return order, nil
}

// childrenToday gives the children that a task has here and, unless it stays as it is, is to keep.
func (c *candidate) childrenToday() []string {
	switch {
	case c.current == nil:
		return nil
	case c.settled:
		return c.current.Children
	}
	return slices.DeleteFunc(slices.Clone(c.current.Children), func(id string) bool { return !slices.Contains(c.schedule.children, id) })
}

// family is the graph of tasks and their children as it will be.
type family struct {
	byID     map[string]*candidate
	outside  map[string]core.TaskState // of children that ScheduleMaster's tasks name and it has not
	children map[string][]string
}

// adopt adds the children that a task is to have and can have, and gives them in their order.
func (f *family) adopt(c *candidate) []string {
	var kept []string
	for _, id := range unique(c.schedule.children) {
		switch {
		case !f.willBeHere(id):
			c.note("child %s is left out: it is not here", id)
			f.children[c.id] = slices.DeleteFunc(f.children[c.id], func(child string) bool { return child == id })
			continue
		case slices.Contains(f.children[c.id], id):
		case f.leads(id, c.id, map[string]bool{}):
			c.note("child %s is left out: the task would fire itself for ever", id)
			continue
		default:
			f.children[c.id] = append(f.children[c.id], id)
		}
		kept = append(kept, id)
	}
	return kept
}

func (f *family) willBeHere(id string) bool {
	if c := f.byID[id]; c != nil {
		return !c.settled || c.current != nil
	}
	return f.outside[id] != "" && f.outside[id] != core.TaskDeleted
}

// leads says whether a task is another one or fires it, at whatever remove.
func (f *family) leads(from, to string, seen map[string]bool) bool {
	if from == to {
		return true
	}
	seen[from] = true
	return slices.ContainsFunc(f.children[from], func(child string) bool { return !seen[child] && f.leads(child, to, seen) })
}

// after appends a task to a list, after its children.
func (f *family) after(id string, seen map[string]bool, order []*candidate) []*candidate {
	c := f.byID[id]
	if c == nil || seen[id] {
		return order
	}
	seen[id] = true
	for _, child := range f.children[id] {
		order = f.after(child, seen, order)
	}
	return append(order, c)
}
