package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/carillonhq/carillon/core"
	v1 "github.com/carillonhq/carillon/master/api/v1"
)

// load is a crowd of business systems that create delayed tasks without pause, whatever becomes of the server. Half of
// them use the form API and leave a creation that was not answered; half use the JSON API and repeat it, under one
// idempotency key, until it is answered.
type load struct {
	target   string
	mu       sync.Mutex
	created  map[string]string // acknowledged ids by content key
	refused  []string          // what was answered other than success
	unclear  int               // creations by form without an answer
	clients  sync.WaitGroup
	finished context.CancelFunc
}

const loadClients = 16

// startLoad begins to create delayed tasks, due within 1 s, that post to a target; each client makes one every pace. The
// server's address must be fixed.
func startLoad(t *testing.T, s *server, target string, pace time.Duration) *load {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	l := &load{target: target, created: map[string]string{}, finished: cancel}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: loadClients}, Timeout: 10 * time.Second}
	t.Cleanup(client.CloseIdleConnections)
	for i := range loadClients {
		caller := &api{t: t, base: s.base, client: client}
		l.clients.Go(func() { l.createAll(ctx, caller, i, pace) })
	}
	return l
}

func (l *load) createAll(ctx context.Context, caller *api, client int, pace time.Duration) {
	ticker := time.NewTicker(pace)
	defer ticker.Stop()
	for n := 0; ; n++ {
		key, delay := fmt.Sprintf("%d-%d", client, n), []float64{0.2, 1, 0.5}[n%3]
		for again := true; again; {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			if client%2 == 0 {
				l.createByForm(caller, key, delay)
				break
			}
			again = !l.createByKey(caller, key, delay)
		}
	}
}

func (l *load) createByForm(caller *api, key string, delay float64) {
	out, err := caller.form("/api/DelayTask/Create", "SourceApp", "load", "Topic", "form", "ContentKey", key,
		"DelayTimeSpan", fmt.Sprint(delay), "NotifyUrl", l.target, "NotifyDataType", "application/json", "NotifyBody", `{"key":"`+key+`"}`)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch id, _ := out.Data.(string); {
	case err != nil:
		l.unclear++
	case !out.Success:
		l.refused = append(l.refused, fmt.Sprintf("%d %s", out.Status, out.Message))
	default:
		l.created[key] = id
	}
}

// createByKey says whether the creation was answered.
func (l *load) createByKey(caller *api, key string, delay float64) bool {
	body, _ := json.Marshal(object{
		"sourceApp": "load", "topic": "key", "contentKey": key, "delay": fmt.Sprintf("%gs", delay), "idempotencyKey": key,
		"callback": object{"method": "POST", "url": l.target},
	})
	r, err := http.NewRequest(http.MethodPost, caller.base+"/api/v1/delayed-tasks", bytes.NewReader(body))
	if err != nil {
		return false
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header["ms_auth_user"] = []string{"admin"}
	r.Header["ms_auth_secret"] = []string{core.APISecret("admin", password)}
	resp, err := caller.client.Do(r)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	var created v1.DelayedCreated
	if json.NewDecoder(resp.Body).Decode(&created) != nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if resp.StatusCode != http.StatusCreated {
		l.refused = append(l.refused, resp.Status)
	}
	l.created[key] = created.ID
	return true
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
