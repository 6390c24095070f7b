package bench

import "time"

// creations sums up how an order was taken, but for the ratio.
func (p *placed) creations() *Creations {
	t := p.tally
	c := &Creations{API: p.api, Count: t.done, Failed: t.failed, PerSecond: t.perSecond(), Answers: percentilesOf(t.took)}
	if t.first != nil {
		c.Failure = t.first.Error()
	}
	if p.begun.known {
		c.ServerCPU = micros(p.created.cpu-p.begun.cpu, c.Count)
	}
	return c
}

// callbacks sums up what arrived of an order, but for the ratio.
func (p *placed) callbacks() *Callbacks {
	lost := p.ledger.lost(p.tally.acked)
	c := &Callbacks{
		Expected: p.expected(), Arrived: p.expected() - lost, Lost: lost,
		Repeated: int(p.ledger.repeated.Load()), Strays: int(p.ledger.strays.Load()),
		Recorded: p.recorded,
	}
	samples, last := p.ledger.samples(p.tally.acked, p.start, p.due)
	if took := max(last.Sub(p.start), p.span); len(samples) > 0 && took > 0 {
		c.PerSecond = float64(len(samples)) / took.Seconds()
	}
	if grew, behind, known := growth(samples); known {
		c.Growth, c.Behind = new(millis(grew)), behind
	}
	late := make([]time.Duration, len(samples))
	for i, s := range samples {
		late[i] = s.late
		if s.late < 0 {
			c.Early++
		}
	}
	c.Lateness = percentilesOf(late)
	if p.created.known {
		c.ServerCPU = micros(p.arrived.cpu-p.created.cpu, c.Arrived)
	}
	return c
}
