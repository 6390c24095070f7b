package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	v1 "github.com/carillonhq/carillon/master/api/v1"
	"github.com/carillonhq/carillon/store"
)

// Each process of a cluster is stopped and started in turn, as in an upgrade, under load. Nothing is lost or repeated, no
// firing is held up, and every master that serves takes what it is given.
func TestRollingUpgrade(t *testing.T) {
	skipLong(t)
	machine := watchMachine(t)
	target := newSink(t)
	slowly(target, "/load")
	masters := several(t, store.Postgres, 2)
	addresses := masters[0].grpc + "," + masters[1].grpc
	workers := map[string]*process{}
	for _, name := range []string{"w1", "w2", "w3"} {
		workers[name] = joinWorker(t, addresses, name)
	}
	every := object{"kind": "cron", "cron": "* * * * * ?"}
	var tasks []string
	for i := range 5 {
		tasks = append(tasks, masters[i%2].startTask(httpTask(target.URL+"/tick", every, nil)))
	}
	c := newCreators(t, masters, target.URL+"/load")
	steady := func() { target.await("/tick", len(target.seen("/tick"))+3*len(tasks), soon) }

	steady()
	for i, m := range masters {
		c.serving[i].Store(false)
		m.stop()
		steady()
		m.start(t)
		c.serving[i].Store(true)
		steady()
	}
	for name, w := range workers {
		w.stop()
		steady()
		workers[name] = joinWorker(t, addresses, name)
		steady()
	}
	c.stop()
	m := masters[0]
	for _, id := range tasks {
		m.do(http.StatusOK, http.MethodPost, "/tasks/"+id+"/stop", nil, nil)
	}
	eventually(t, 2*soon, func() bool { return m.open() == 0 && m.openRuns() == 0 }, "every run has its outcome")

	require.Empty(t, c.failed, "a master that serves acknowledges")
	require.Greater(t, len(c.created), 500, "the load was none")
	runs := by(list[v1.Run](m.api, "/runs"), func(r v1.Run) string { return r.TaskID + r.DelayedTaskID })
	arrived := by(target.seen(""), func(a arrival) string { return a.key })
	for id := range c.created {
		require.Equal(t, []string{"succeeded delayed"}, outcomes(runs[id]), "delayed task %s", id)
	}
	for _, id := range tasks {
		checkInstants(t, runs[id])
		require.Equal(t, []string{"succeeded"}, slices.Collect(maps.Keys(firings(runs[id]))), "task %s", id)
	}
	for key, same := range arrived {
		require.Len(t, same, 1, "occurrence %s came once", key)
	}
	late := lateness(target.seen(""))
	n, over, longest := len(late), 0, late[len(late)-1]
	for _, d := range late {
		if d > time.Second {
			over++
		}
	}
	t.Logf("%d creations acknowledged, %d passed on by a master that was stopping; %d callbacks: half within %s, 99 of 100 within %s, all within %s, "+
		"%d after more than 1 s; %s", len(c.created), c.passed, n, late[n/2], late[n*99/100], longest, over, machine)
	require.LessOrEqual(t, longest, machine.allows(time.Second), "a firing was held up")
}

// creators are business systems that create delayed tasks at any of the masters. One that is stopping may turn a creation
// away, which then goes to the other under the same key.
type creators struct {
	target  string
	masters []*server
	client  *http.Client
	serving []atomic.Bool
	end     context.CancelFunc
	all     sync.WaitGroup

	mu      sync.Mutex
	created map[string]bool // ids
	passed  int
	failed  []string // of creations at a master that served all the while
}

func newCreators(t *testing.T, masters []*server, target string) *creators {
	t.Helper()
	ctx, end := context.WithCancel(t.Context())
	c := &creators{
		target: target, masters: masters, serving: make([]atomic.Bool, len(masters)), end: end, created: map[string]bool{},
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}, Timeout: soon},
	}
	t.Cleanup(c.client.CloseIdleConnections)
	bases := make([]string, len(masters)) // a master that starts anew keeps its address
	for i, m := range masters {
		bases[i] = m.base
		c.serving[i].Store(true)
	}
	for i := range 8 {
		c.all.Go(func() { c.create(ctx, bases, i) })
	}
	return c
}

func (c *creators) create(ctx context.Context, bases []string, client int) {
	pace := time.NewTicker(150 * time.Millisecond)
	defer pace.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-pace.C:
		}
		key := fmt.Sprintf("%d-%d", client, n)
		for at := rand.IntN(len(bases)); !c.createAt(at, bases[at], key, []string{"0.2s", "1s", "9s"}[n%3]); at = (at + 1) % len(bases) {
			if ctx.Err() != nil {
				return
			}
		}
	}
}

// createAt says whether the master took the creation.
func (c *creators) createAt(at int, base, key, delay string) bool {
	served := c.serving[at].Load()
	id, err := c.post(base, fmt.Sprintf(`{"sourceApp":"load","topic":"upgrade","contentKey":%[1]q,"delay":%[2]q,"idempotencyKey":%[1]q,`+
		`"callback":{"method":"POST","url":%[3]q}}`, key, delay, c.target))
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err == nil:
		c.created[id] = true
		return true
	case served && c.serving[at].Load():
		c.failed = append(c.failed, err.Error())
	default:
		c.passed++
	}
	return false
}

func (c *creators) post(base, body string) (id string, err error) {
	r, err := http.NewRequest(http.MethodPost, base+"/api/v1/delayed-tasks", strings.NewReader(body))
	if err != nil {
		return "", err
	}
	r.SetBasicAuth("admin", password)
	r.Header.Set("Content-Type", "application/json")
	resp, err := c.client.Do(r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	var created v1.DelayedCreated
	if err := json.NewDecoder(resp.Body).Decode(&created); err != nil || resp.StatusCode != http.StatusCreated {
		return "", fmt.Errorf("%s %w", resp.Status, err)
	}
	return created.ID, nil
}

// stop ends the creating. Each creation that was begun has its answer.
func (c *creators) stop() {
	c.end()
	c.all.Wait()
}
