package e2e

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/carillonhq/carillon/core"
)

// load is a crowd of business systems that create delayed tasks without pause, whatever becomes of the server.
type load struct {
	mu       sync.Mutex
	created  map[string]string // acknowledged ids by content key
	refused  []string          // what was answered other than success
	unclear  int               // creations without an answer
	clients  sync.WaitGroup
	finished context.CancelFunc
}

const (
	loadClients = 16
	loadPace    = 25 * time.Millisecond // between two creations of one client
)

// startLoad begins to create delayed tasks, due within 1 s, that post to a target. The address must be fixed.
func startLoad(t *testing.T, s *server, target string) *load {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	l := &load{created: map[string]string{}, finished: cancel}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: loadClients}, Timeout: 10 * time.Second}
	t.Cleanup(client.CloseIdleConnections)
	for i := range loadClients {
		caller := &api{t: t, base: s.base, client: client}
		l.clients.Go(func() { l.create(ctx, caller, i, target) })
	}
	return l
}

func (l *load) create(ctx context.Context, caller *api, client int, target string) {
	pace := time.NewTicker(loadPace)
	defer pace.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-pace.C:
		}
		key := fmt.Sprintf("%d-%d", client, n)
		out, err := caller.form("/api/DelayTask/Create", "SourceApp", "load", "Topic", "kill", "ContentKey", key,
			"DelayTimeSpan", []string{"0.2", "1", "0.5"}[n%3], "NotifyUrl", target, "NotifyDataType", "application/json", "NotifyBody", `{"key":"`+key+`"}`)
		l.mu.Lock()
		switch id, _ := out.Data.(string); {
		case err != nil:
			l.unclear++
		case !out.Success:
			l.refused = append(l.refused, fmt.Sprintf("%d %s", out.Status, out.Message))
		default:
			l.created[key] = id
		}
		l.mu.Unlock()
	}
}

// stop ends the load when every client has its last answer, and gives what was acknowledged: ids by content key.
func (l *load) stop() map[string]string {
	l.finished()
	l.clients.Wait()
	return l.created
}

// open counts the delayed tasks that have not ended.
func (a *api) open() int {
	a.t.Helper()
	n := 0
	for _, state := range []core.DelayedState{core.DelayedCreated, core.DelayedReady} {
		n += len(list[struct{ ID string }](a, "/delayed-tasks?state="+string(state)))
	}
	return n
}
