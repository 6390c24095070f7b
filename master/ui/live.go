package ui

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	livePath = "/events"
	// maxListeners is how many pages listen at one master. Those beyond it fetch their parts now and then instead.
	maxListeners = 500
	// breath is how often a stream that has nothing to say says so, which keeps proxies from closing it, and how often it
	// asks whether the session goes on.
	breath = 15 * time.Second
	// liveTimeout bounds one look, and one write to a browser that reads slowly.
	liveTimeout = 10 * time.Second
)

// topic is something that pages show as it changes. A page names its topics; parts of it are fetched anew on the event
// "live:NAME", which the layout has dispatched on the body:
//
//	<div id="nodes-list" hx-get="{{.Self}}" hx-trigger="refresh from:body, live:nodes from:body" …>
type topic struct {
	name string
	// every is how often look is called while somebody listens, at this master: however many listen, it is called once.
	every time.Duration
	// look gives something that differs when the pages would.
	look func(ctx context.Context) (string, error)
}

// live tells pages that what they show has changed.
type live struct {
	log    *slog.Logger
	topics map[string]topic
	done   chan struct{}
	once   sync.Once

	mu        sync.Mutex
	listeners map[*listener]bool
	watched   map[string]context.CancelFunc // what ends the looking, by topic
}

// listener is one page that listens. It is told of each topic once until it has taken that.
type listener struct {
	topics []string
	told   chan string
}

func newLive(all []*page, log *slog.Logger) *live {
	l := &live{
		log: log, topics: map[string]topic{}, done: make(chan struct{}),
		listeners: map[*listener]bool{}, watched: map[string]context.CancelFunc{},
	}
	for _, p := range all {
		for _, t := range p.topics {
			l.topics[t.name] = t
		}
	}
	return l
}

func (l *live) close() {
	l.once.Do(func() { close(l.done) })
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, end := range l.watched {
		end()
	}
}

// listen begins to tell a page of topics; nil when there are too many that listen.
func (l *live) listen(topics []string) *listener {
	n := &listener{topics: topics, told: make(chan string, len(topics))}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.listeners) >= maxListeners {
		return nil
	}
	l.listeners[n] = true
	for _, name := range topics {
		if l.watched[name] == nil {
			ctx, end := context.WithCancel(context.Background())
			l.watched[name] = end
			go l.watch(ctx, l.topics[name])
		}
	}
	return n
}

// leave ends it, and the looking for topics that nobody listens to any more.
func (l *live) leave(n *listener) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.listeners, n)
	for _, name := range n.topics {
		wanted := false
		for other := range l.listeners {
			wanted = wanted || slices.Contains(other.topics, name)
		}
		if !wanted {
			l.watched[name]()
			delete(l.watched, name)
		}
	}
}

// watch looks at a topic again and again, and tells of each change.
func (l *live) watch(ctx context.Context, t topic) {
	ticker := time.NewTicker(t.every)
	defer ticker.Stop()
	last, known := "", false
	for {
		look, cancel := context.WithTimeout(ctx, liveTimeout)
		now, err := t.look(look)
		cancel()
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			l.log.WarnContext(ctx, "what pages show live could not be read", "topic", t.name, "error", err)
		case known && now != last:
			l.tell(t.name)
			last = now
		default:
			last, known = now, true
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// tell tells those who listen to a topic that it has changed.
func (l *live) tell(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for n := range l.listeners {
		if slices.Contains(n.topics, name) {
			select {
			case n.told <- name:
			default: // it has not taken the last ones yet, and will look then
			}
		}
	}
}

func livePage(u *UI) *page {
	return &page{routes: []route{{method: http.MethodGet, path: livePath, handle: u.stream}}}
}

// stream sends events as long as the page is open and its reader signed in.
func (u *UI) stream(r *request) error {
	var topics []string
	for name := range strings.SplitSeq(r.Query("on"), ",") {
		if _, ok := u.live.topics[name]; ok && !slices.Contains(topics, name) {
			topics = append(topics, name)
		}
	}
	n := u.live.listen(topics)
	if n == nil {
		r.Status(http.StatusNoContent) // which the script takes for no stream; its parts are fetched now and then
		return nil
	}
	defer u.live.leave(n)
	r.Header("Content-Type", "text/event-stream")
	r.Header("X-Accel-Buffering", "no") // nginx would wait for more
	out := http.NewResponseController(r.Writer)
	say := func(text string) bool {
		if err := out.SetWriteDeadline(time.Now().Add(liveTimeout)); err != nil {
			return false
		}
		if _, err := fmt.Fprint(r.Writer, text); err != nil {
			return false
		}
		return out.Flush() == nil
	}
	pulse := time.NewTicker(breath)
	defer pulse.Stop()
	for open := say(": welcome\n\n"); open; {
		select {
		case name := <-n.told:
			open = say("event: live:" + name + "\ndata:\n\n")
		case <-pulse.C:
			open = r.identify() == nil && say(": still here\n\n")
		case <-u.live.done:
			open = false
		case <-r.Request.Context().Done():
			open = false
		}
	}
	return nil
}
