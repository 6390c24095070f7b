package manage

import (
	"cmp"
	"context"
	"slices"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

const (
	// familyDepth is how many generations a family goes up and down from its task.
	familyDepth = 4
	// familySize is how many tasks a family has at most.
	familySize = 60
)

// Family is a task with those that fire it and those that it fires, at some removes.
type Family struct {
	Members []FamilyMember
	// Links are the pairs of parent and child among the members, by their ids.
	Links [][2]string
	// More says that there are further relatives.
	More bool
}

// FamilyMember is a task of a family. Generation is 0 for the task itself, negative above it, positive below. One that lies
// both ways, as in a circle that a database may hold all the same, is where it was found first.
type FamilyMember struct {
	store.TaskHead
	Generation int
}

// Family gives the relatives of a task. Deleted tasks fire nobody and are left out.
func (s *Tasks) Family(ctx context.Context, id string) (*Family, error) {
	f := &familySearch{at: map[string]int{id: 0}, links: map[[2]string]bool{}}
	for _, way := range []struct {
		step     int
		relative func(context.Context, []string) (map[string][]string, error)
	}{{1, s.store.Children}, {-1, s.store.Parents}} {
		for level, generation := []string{id}, way.step; len(level) > 0; generation += way.step {
			found, err := way.relative(ctx, level)
			if err != nil {
				return nil, err
			}
			level = f.take(level, found, generation, way.step)
		}
	}
	ids := make([]string, 0, len(f.at))
	for id := range f.at {
		ids = append(ids, id)
	}
	heads, err := s.store.TaskHeads(ctx, ids)
	if err != nil {
		return nil, err
	}
	family := &Family{More: f.more}
	for id, generation := range f.at {
		if h, ok := heads[id]; ok && (h.State != core.TaskDeleted || generation == 0) {
			family.Members = append(family.Members, FamilyMember{h, generation})
		} else {
			delete(f.at, id)
		}
	}
	for link := range f.links {
		_, parent := f.at[link[0]]
		_, child := f.at[link[1]]
		if parent && child {
			family.Links = append(family.Links, link)
		}
	}
	family.sort()
	return family, nil
}

// familySearch is what a search for relatives has found.
type familySearch struct {
	at    map[string]int // generations by id
	links map[[2]string]bool
	more  bool
}

// take notes the relatives of a generation, and gives those that are new.
func (f *familySearch) take(level []string, found map[string][]string, generation, step int) (fresh []string) {
	for _, id := range level {
		for _, relative := range found[id] {
			if _, known := f.at[relative]; !known {
				if generation*step > familyDepth || len(f.at) >= familySize {
					f.more = true
					continue
				}
				f.at[relative] = generation
				fresh = append(fresh, relative)
			}
			link := [2]string{id, relative}
			if step < 0 {
				link = [2]string{relative, id}
			}
			f.links[link] = true
		}
	}
	return fresh
}

// sort puts a family into an order that does not change from one look to the next.
func (f *Family) sort() {
	slices.SortFunc(f.Members, func(a, b FamilyMember) int {
		return cmp.Or(cmp.Compare(a.Generation, b.Generation), cmp.Compare(a.Title, b.Title), cmp.Compare(a.ID, b.ID))
	})
	slices.SortFunc(f.Links, func(a, b [2]string) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
}
