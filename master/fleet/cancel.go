package fleet

import "github.com/carillonhq/carillon/store"

// Cancel asks the workers connected here to end the runs that they have of those asked for. asked are all requests that
// stand: it is called again and again, and each worker is told once on each stream.
func (f *Fleet) Cancel(asked []store.Cancel) {
	byHolder := map[string][]store.Cancel{}
	for _, c := range asked {
		byHolder[c.Holder] = append(byHolder[c.Holder], c)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for id, s := range f.sessions {
		s.cancelLocked(byHolder[id])
	}
}

// cancelLocked passes on the requests of one worker. One may be for a run whose dispatch is committed and that is still on
// its way to the stream: it is remembered, for a worker makes nothing of a run that it was not given yet.
func (s *Session) cancelLocked(asked []store.Cancel) {
	clear(s.early) // what still stands is among asked
	for _, c := range asked {
		g := s.given[c.RunID]
		switch {
		case g == nil || g.token != c.Token:
			s.early[c.Held] = c.Reason
		case !g.cancelled:
			g.cancelled = true
			s.send(cancelMessage(c.Held, c.Reason))
		}
	}
}

// cancelEarlyLocked passes on the request for a run that has just been put on the stream, if there is one.
func (s *Session) cancelEarlyLocked(h store.Held) {
	if reason, ok := s.early[h]; ok {
		delete(s.early, h)
		s.given[h.RunID].cancelled = true
		s.send(cancelMessage(h, reason))
	}
}
