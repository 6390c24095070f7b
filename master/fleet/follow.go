package fleet

import (
	"context"
	"maps"
	"reflect"
	"slices"

	"github.com/carillonhq/carillon/core"
)

// Follow brings the sessions in line with their nodes' rows, which any master may have changed: what an administrator said
// comes into force, and a worker whose name was taken over or deleted is told so. It is called about once a second.
func (f *Fleet) Follow(ctx context.Context) error {
	f.mu.Lock()
	sessions := slices.Collect(maps.Values(f.sessions))
	f.mu.Unlock()
	if len(sessions) == 0 {
		return nil
	}
	// The rows are read after the sessions: a session was registered before it was here, so one without a row was deleted.
	rows, err := f.workers(ctx)
	if err != nil {
		return err
	}
	changed := false
	for _, s := range sessions {
		if err := s.disowned(rows); err != nil {
			s.close(err)
			continue
		}
		changed = s.heed(rows[s.node.Name].Admin) || changed
	}
	if changed {
		f.opts.Changed()
		f.opts.Members() // what is queued for a worker that is out of service now goes to another at once
	}
	return nil
}

// workers reads the workers' rows, by name.
func (f *Fleet) workers(ctx context.Context) (map[string]core.Node, error) {
	nodes, err := f.opts.Store.Nodes(ctx)
	if err != nil {
		return nil, err
	}
	rows := map[string]core.Node{}
	for _, n := range nodes {
		if n.Kind == core.NodeWorker {
			rows[n.Name] = n
		}
	}
	return rows, nil
}

// disowned says why the name is not this worker's any more; nil when it is.
func (s *Session) disowned(rows map[string]core.Node) error {
	row, known := rows[s.node.Name]
	switch {
	case !known:
		return core.NotFound("an administrator deleted the worker %s", s.node.Name)
	case row.Incarnation != s.node.Incarnation:
		return errFenced(s.node.Name)
	}
	return nil
}

func errFenced(name string) *core.Error {
	return core.Conflict("a worker named %s that started later took this one's place", name)
}

// heed puts in force what an administrator says of the worker, and tells whether that is new.
func (s *Session) heed(admin core.Traits) (changed bool) {
	s.fleet.mu.Lock()
	defer s.fleet.mu.Unlock()
	if reflect.DeepEqual(s.node.Admin, admin) {
		return false
	}
	s.node.Admin = admin
	s.node.Settle()
	s.serve()
	s.fleet.opts.Logger.Info("what is in force of a worker has changed", "worker", s.node.Name, "state", s.node.State,
		"weight", s.node.Weight, "labels", s.node.Labels)
	return true
}
