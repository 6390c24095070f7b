package host

import (
	"fmt"
	"slices"
	"time"

	"github.com/carillonhq/carillon/plugins/host/proctree"
)

// tendInterval is how often the pool looks after its processes.
const tendInterval = time.Second

// tend retires what has been idle for long or has used most of what it may.
func (l *pool) tend(now time.Time) {
	for _, p := range l.warmOnes(now) {
		if why := p.worn(); why != "" {
			l.mu.Lock()
			if p.state == warm {
				l.retire(p, why)
			}
			l.mu.Unlock()
		}
	}
}

// warmOnes retires the idle processes and gives the others that had a run since it was called last.
func (l *pool) warmOnes(now time.Time) []*process {
	l.mu.Lock()
	defer l.mu.Unlock()
	var warmOnes []*process
	for _, p := range slices.Clone(l.processes) {
		switch {
		case p.state != warm:
		case p.runs == 0 && now.Sub(p.idle) >= l.host.o.IdleTime:
			l.retire(p, "it is idle")
		case p.runs > 0 || p.served != p.tended:
			if p.runs == 0 { // what a run uses is seen in full when it has ended
				p.tended = p.served
			}
			warmOnes = append(warmOnes, p)
		}
	}
	return warmOnes
}

// worn says what a process has used most of; empty for nothing. It is retired then, before a run is hit by the limit.
func (p *process) worn() string {
	if p.limits.Memory == 0 && p.limits.CPUSeconds == 0 {
		return ""
	}
	used := proctree.Measure(append(proctree.Descendants(p.tree.pid), p.tree.pid))
	if most := int64(p.limits.Memory); most > 0 && used.Resident > most/4*3 {
		return fmt.Sprintf("it uses %d MiB of memory of %d", used.Resident>>20, most>>20)
	}
	if most := time.Duration(p.limits.CPUSeconds) * time.Second; most > 0 && used.CPU > most/2 {
		return fmt.Sprintf("it used %s of its %s of CPU time", used.CPU, most)
	}
	return ""
}
