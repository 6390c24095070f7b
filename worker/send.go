package worker

import (
	"context"
	"runtime"
	"slices"
	"time"

	"github.com/carillonhq/carillon/rpc"
)

// How long the sender gathers before it sends.
const (
	outcomeLinger = 2 * time.Millisecond
	startedEvery  = 200 * time.Millisecond
	logEvery      = 500 * time.Millisecond
	// progressEvery is the shortest time between two reports of how far a run is.
	progressEvery = time.Second

	maxStarted  = 10_000      // runs per message
	startedSpan = time.Second // between the first and the last run of a message
)

// send says everything the worker has to say on this stream. It returns nil when the worker closed the stream.
func (s *session) send(ctx context.Context) error {
	if err := s.introduce(); err != nil {
		return err
	}
	var times times
	select {
	case times = <-s.welcome:
	case <-s.closing:
		return s.stream.CloseSend()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if s.stopping.Load() {
		signal(s.beatNow) // this master must not give runs either
	}
	heartbeat := time.NewTicker(times.heartbeat)
	defer heartbeat.Stop()
	if times.asked {
		heartbeat.Stop() // beatNow speaks for the master
	}
	started := time.NewTicker(startedEvery)
	defer started.Stop()
	logs := time.NewTicker(logEvery)
	defer logs.Stop()
	progress := time.NewTicker(progressEvery)
	defer progress.Stop()
	linger := time.NewTimer(outcomeLinger)
	defer linger.Stop()
	lingering := true // later outcomes do not put off the earlier ones

	for {
		var err error
		select {
		case <-s.reportable:
			if !lingering {
				linger.Reset(outcomeLinger)
				lingering = true
			}
		case <-linger.C:
			lingering = false
			err = s.sendOutcomes()
		case <-heartbeat.C:
			err = s.sendHeartbeat()
		case <-s.beatNow:
			err = s.sendHeartbeat()
		case <-started.C:
			err = s.sendStarted()
		case <-logs.C:
			err = s.sendLogs()
		case <-progress.C:
			err = s.sendProgress()
		case <-s.fetches.some:
			err = s.sendFetches()
		case <-s.closing:
			if err = s.sendOutcomes(); err == nil {
				return s.stream.CloseSend()
			}
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
		if err != nil {
			return err
		}
	}
}

// introduce says who the worker is, what it holds, and everything about it that an earlier master may not have stored.
func (s *session) introduce() error {
	list, underWay, ended := s.table.attach()
	s.young = underWay
	for _, h := range underWay {
		h.progress.again()
	}
	s.fetches.again()
	s.note(0)
	err := s.stream.Send(&rpc.WorkerMessage{Kind: &rpc.WorkerMessage_Hello{Hello: &rpc.Hello{
		Protocol: rpc.Protocol, Name: s.opts.Name, Incarnation: s.id, Version: s.opts.Version,
		Weight: int32(s.opts.Weight), Slots: int32(s.opts.Slots), // #nosec G115 -- core.Node.Validate bounds them
		Labels: s.opts.Labels, StartedAt: rpc.Micros(s.startedAt), Held: list, Idle: s.idle(),
		Plugins: s.opts.Plugins, Platform: runtime.GOOS + "/" + runtime.GOARCH,
	}}})
	if err != nil {
		return err
	}
	for _, h := range slices.Concat(underWay, ended) {
		if err := s.sendLines(h, h.log.streamed); err != nil {
			return err
		}
	}
	return s.sendOutcomes()
}

// note remembers when a message that renews the lease is sent.
func (s *session) note(sequence int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.beats = append(s.beats, beat{sequence, time.Now()})
}

func (s *session) sendHeartbeat() error {
	list, draining := s.table.holding()
	s.sequence++
	s.note(s.sequence)
	return s.stream.Send(&rpc.WorkerMessage{Kind: &rpc.WorkerMessage_Heartbeat{Heartbeat: &rpc.Heartbeat{
		Sequence: s.sequence, Held: list, Draining: draining,
	}}})
}

func (s *session) sendOutcomes() error {
	for {
		outcomes := s.table.unsent()
		if len(outcomes) == 0 {
			return nil
		}
		err := s.stream.Send(&rpc.WorkerMessage{Kind: &rpc.WorkerMessage_Outcomes{Outcomes: &rpc.Outcomes{Outcomes: outcomes}}})
		if err != nil {
			return err
		}
	}
}

// sendStarted reports the runs that were under way at the last look and still are, so a quick one is never reported. One
// message holds runs that began at about its instant; after a new stream those of long ago are reported again.
func (s *session) sendStarted() error {
	var still []*held
	still, s.young = s.table.seasoned(s.young)
	s.long = append(s.long, still...)
	begun := still
	slices.SortFunc(still, func(a, b *held) int { return a.began.Compare(b.began) })
	for len(still) > 0 {
		first := still[0].began
		m := &rpc.Started{At: rpc.Micros(first)}
		for len(still) > 0 && len(m.Runs) < maxStarted && still[0].began.Sub(first) <= startedSpan {
			m.Runs = append(m.Runs, &rpc.Held{RunId: still[0].id, Token: still[0].token})
			still = still[1:]
		}
		if err := s.stream.Send(&rpc.WorkerMessage{Kind: &rpc.WorkerMessage_Started{Started: m}}); err != nil {
			return err
		}
	}
	// What they said so far has waited for that, and is to be seen within a second.
	return s.sendLinesOf(begun)
}

func (s *session) sendLogs() error {
	s.long = s.table.underWayOf(s.long)
	return s.sendLinesOf(s.long)
}

func (s *session) sendLinesOf(runs []*held) error {
	for _, h := range runs {
		if err := s.sendLines(h, h.log.unsent); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) sendProgress() error {
	s.long = s.table.underWayOf(s.long)
	for _, h := range s.long {
		percent, is := h.progress.news()
		if !is {
			continue
		}
		err := s.stream.Send(&rpc.WorkerMessage{Kind: &rpc.WorkerMessage_Progress{Progress: &rpc.Progress{
			RunId: h.id, Token: h.token, Percent: percent,
		}}})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *session) sendFetches() error {
	for _, p := range s.fetches.next() {
		err := s.stream.Send(&rpc.WorkerMessage{Kind: &rpc.WorkerMessage_Fetch{Fetch: &rpc.Fetch{Digest: p.digest, Number: p.number}}})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *session) sendLines(h *held, take func() (int64, []*rpc.LogLine)) error {
	first, lines := take()
	if len(lines) == 0 {
		return nil
	}
	return s.stream.Send(&rpc.WorkerMessage{Kind: &rpc.WorkerMessage_Log{Log: &rpc.Log{
		RunId: h.id, Token: h.token, First: first, Lines: lines,
	}}})
}
