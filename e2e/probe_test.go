package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/master/api/problem"
)

// probe is what one kind of caller got of a master without a database.
type probe struct {
	name  string
	call  func() error // says what was wrong with the answer
	bound time.Duration

	took   []time.Duration
	failed []error
}

// probes are callers who go on asking a master without a database until they are told to stop.
type probes struct {
	all  []*probe
	end  chan struct{}
	done sync.WaitGroup
}

// probeOutage starts them. Each asks again as soon as it has its answer, a moment later.
func probeOutage(m *server, target string, bound time.Duration) *probes {
	p := &probes{end: make(chan struct{}), all: []*probe{
		{name: "/api/v1 reads", bound: bound, call: func() error { return m.isProblem(http.MethodGet, "/api/v1/tasks", "") }},
		{name: "/api/v1 creates", bound: bound, call: func() error {
			return m.isProblem(http.MethodPost, "/api/v1/delayed-tasks",
				`{"sourceApp":"a","topic":"t","contentKey":"k","delay":"1s","callback":{"method":"POST","url":"`+target+`/unclear"}}`)
		}},
		{name: "the form API", bound: bound, call: func() error {
			out, err := m.form("/api/DelayTask/Create", "SourceApp", "a", "Topic", "t", "ContentKey", "k", "DelayTimeSpan", "1",
				"NotifyUrl", target+"/unclear", "NotifyDataType", "application/json", "NotifyBody", "{}")
			if err == nil && (out.Success || out.Status != -2 || out.Message == "") {
				err = fmt.Errorf("got %+v", out)
			}
			return err
		}},
		{name: "/ready", bound: 3*time.Second + time.Second, call: func() error {
			return m.answers("/ready", http.StatusServiceUnavailable, `"reasons":["`)
		}},
		{name: "/health", bound: time.Second, call: func() error { return m.answers("/health", http.StatusOK, `"ok"`) }},
	}}
	for _, one := range p.all {
		p.done.Go(func() { one.ask(p.end) })
	}
	return p
}

// ask calls until the end. An answer that came after it is of another time.
func (p *probe) ask(end <-chan struct{}) {
	for {
		began := time.Now()
		err := p.call()
		select {
		case <-end:
			return
		case <-time.After(50 * time.Millisecond):
		}
		p.took = append(p.took, time.Since(began)-50*time.Millisecond)
		if err != nil {
			p.failed = append(p.failed, err)
		}
	}
}

// stop ends the asking. The outage must not have ended before.
func (p *probes) stop() { close(p.end) }

// check holds what was answered against what should have been.
func (p *probes) check(t *testing.T, machine *machine) {
	t.Helper()
	p.done.Wait()
	for _, one := range p.all {
		var longest, total time.Duration
		for _, d := range one.took {
			longest, total = max(longest, d), total+d
		}
		require.NotEmpty(t, one.took, "%s was never answered", one.name)
		require.Empty(t, one.failed, one.name)
		t.Logf("%-16s %4d answers, the slowest after %.2f s, on average %.2f s", one.name, len(one.took), longest.Seconds(),
			total.Seconds()/float64(len(one.took)))
		require.Less(t, longest, machine.allows(one.bound), "%s keeps its callers waiting", one.name)
	}
}

// isProblem says how the answer to a call differs from a problem document of status 503 with a reason.
func (s *server) isProblem(method, path, body string) error {
	r, err := http.NewRequest(method, s.base+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	r.SetBasicAuth("admin", password)
	r.Header.Set("Content-Type", "application/json")
	resp, err := s.client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var p problem.Problem
	if err := json.NewDecoder(resp.Body).Decode(&p); err != nil {
		return fmt.Errorf("%s: %w", resp.Status, err)
	}
	if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Content-Type") != problem.MediaType ||
		resp.Header.Get("Retry-After") == "" || p.Status != resp.StatusCode || !strings.Contains(p.Detail, "database") {
		return fmt.Errorf("%s %v %+v", resp.Status, resp.Header, p)
	}
	return nil
}

// answers says how the answer to a GET differs from this status with this text in it.
func (s *server) answers(path string, status int, text string) error {
	resp, err := s.client.Get(s.base + path)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && (resp.StatusCode != status || !strings.Contains(string(body), text)) {
		err = fmt.Errorf("%s %s", resp.Status, body)
	}
	return err
}
