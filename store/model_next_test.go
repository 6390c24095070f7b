package store_test

import (
	"cmp"
	"slices"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/carillonhq/carillon/core"
)

// setNext makes an instant the next one of the tasks of runs that end, and says whether there was one that took it.
func (m *model) setNext(runs []*modelRun, next time.Time, sent map[string]time.Time, now time.Time) (set bool) {
	done := map[string]bool{}
	for _, r := range slices.SortedFunc(slices.Values(runs), func(a, b *modelRun) int { return cmp.Compare(b.ID, a.ID) }) {
		k := m.tasks[r.TaskID]
		if k == nil || done[k.ID] {
			continue // all end at the same moment, so the last of them is that of the greatest id
		}
		if done[k.ID] = true; k.State != core.TaskRunning || k.Version != r.TaskVersion {
			continue
		}
		m.withdraw(func(o *modelRun) bool {
			return o.TaskID == k.ID && o.Trigger == core.TriggerSchedule && o.Firing() != r.Firing()
		})
		for _, o := range m.open {
			if o.TaskID == k.ID && o.TaskVersion == k.Version {
				o.TaskVersion++
			}
		}
		k.Version++
		k.NextDue = slices.MaxFunc([]time.Time{next, now, sent[k.ID].Add(time.Microsecond)}, time.Time.Compare)
		set = true
	}
	return set
}

// lastSent gives the latest instant of each task's schedule for which a run was sent.
func (x *modelled) lastSent(t *rapid.T) map[string]time.Time {
	sent := map[string]time.Time{}
	for id := range x.tasks {
		last, err := x.s.LastDue(x.ctx, id)
		require.NoError(t, err)
		sent[id] = last
	}
	return sent
}
