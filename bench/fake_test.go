package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// fake is as much of a Carillon as the benchmark calls. It keeps everything in memory and calls back by timers.
type fake struct {
	secret   string // what ms_auth_secret must be; empty takes anything
	absolute atomic.Bool
	file     string // where absolute outlives the process; empty: nowhere
	ordered  atomic.Int64
	sent     atomic.Int64
	// fault says how often callback n is sent: nil means once.
	fault func(n int64) int
	// refuse says whether creation n fails; nil means never.
	refuse  func(n int64) bool
	created atomic.Int64
	paths   chan string // of creations, when somebody wants to know
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/ready":
		return
	case "/metrics":
		fmt.Fprintf(w, firings+"outcome=\"succeeded\",trigger=\"delayed\"} %d\n", f.sent.Load())
		return
	}
	if f.secret != "" && r.Header.Get("ms_auth_secret") != f.secret {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if r.URL.Path == "/api/v1/settings" {
		f.settings(w, r)
		return
	}
	if n := f.created.Add(1); f.refuse != nil && f.refuse(n) {
		fmt.Fprint(w, `{"Success":false,"Status":-2,"Message":"the service failed","Data":null}`)
		return
	}
	if f.paths != nil {
		select {
		case f.paths <- r.URL.Path:
		default:
		}
	}
	var err error
	switch r.URL.Path {
	case "/api/delaytask/create":
		if !f.absolute.Load() {
			err = fmt.Errorf("DelayTimeSpan is required")
			break
		}
		err = f.call(r.FormValue("NotifyUrl"), r.FormValue("NotifyBody"), r.FormValue("DelayAbsoluteTime"), 1)
	case "/api/task/create":
		err = f.cron(r)
	case "/api/v1/delayed-tasks":
		f.json(w, r)
		return
	default:
		err = fmt.Errorf("there is no %s", r.URL.Path)
	}
	if err != nil {
		fmt.Fprintf(w, `{"Success":false,"Status":5,"Message":%q,"Data":null}`, err)
		return
	}
	fmt.Fprint(w, `{"Success":true,"Status":1,"Message":"","Data":"01890a5d-ac96-774b-bcce-b302099a8057"}`)
}

func (f *fake) settings(w http.ResponseWriter, r *http.Request) {
	var values map[string]string
	if r.Method != http.MethodPut || json.NewDecoder(r.Body).Decode(&values) != nil || len(values) != 1 {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	f.absolute.Store(values["DelayTask_DelayPattern"] == "Absolute")
	if f.file != "" {
		_ = os.WriteFile(f.file, nil, 0o600)
	}
	fmt.Fprint(w, `{}`)
}

func (f *fake) json(w http.ResponseWriter, r *http.Request) {
	var d struct {
		SourceApp, Topic, ContentKey, Due string
		Callback                          struct{ Method, URL, ContentType, Body string }
	}
	dec := json.NewDecoder(r.Body)
	dec.DisallowUnknownFields()
	err := dec.Decode(&d)
	if err == nil {
		err = f.call(d.Callback.URL, d.Callback.Body, d.Due, 1)
	}
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusCreated)
	fmt.Fprintf(w, `{"id":"01890a5d-ac96-774b-bcce-b302099a8057","due":%q}`, d.Due)
}

// cron takes a task on "* * * * * ?".
func (f *fake) cron(r *http.Request) error {
	end, err := time.Parse(time.RFC3339, r.FormValue("EndDate"))
	start, err2 := time.Parse(time.RFC3339, r.FormValue("StartDate"))
	switch {
	case err != nil || err2 != nil:
		return fmt.Errorf("bad dates: %w, %w", err, err2)
	case r.FormValue("CronExpression") != "* * * * * ?" || r.FormValue("RunNow") != "true" || r.FormValue("RunLoop") != "true" || r.FormValue("MetaType") != "2":
		return fmt.Errorf("not the task that was expected: %v", r.Form)
	}
	return f.call(r.FormValue("HttpRequestUrl"), r.FormValue("HttpBody"), r.FormValue("StartDate"), int(end.Sub(start)/time.Second)+1)
}

// call calls back at each second from due on, so many times.
func (f *fake) call(target, body, due string, seconds int) error {
	at, err := time.Parse(time.RFC3339, due)
	if err != nil {
		return err
	}
	if !json.Valid([]byte(body)) || strings.Contains(target, "~") {
		return fmt.Errorf("%s gets %s", target, body)
	}
	for range seconds {
		times := 1
		if n := f.ordered.Add(1); f.fault != nil {
			times = f.fault(n)
		}
		if until := time.Until(at); until < 24*time.Hour {
			header := at.UTC().Format(time.RFC3339Nano)
			time.AfterFunc(until, func() {
				for range times {
					post(target, body, header)
					f.sent.Add(1)
				}
			})
		}
		at = at.Add(time.Second)
	}
	return nil
}

// post is one callback. A sink that is gone is no concern of a server's.
func post(target, body, due string) {
	r, err := http.NewRequest(http.MethodPost, target, strings.NewReader(body))
	if err != nil {
		return
	}
	r.Header.Set(dueHeader, due)
	if answer, err := http.DefaultClient.Do(r); err == nil {
		_, _ = io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close()
	}
}

// quick are options for a run of a few seconds on a fake. What comes within patience must not be taken for lost, however busy
// the machine is.
func quick(t *testing.T, f *fake, s Scenario) Options {
	t.Helper()
	o := DefaultOptions()
	o.Scenario, o.Count, o.Tasks, o.Rate, o.Seconds, o.Clients = s, 100, 10, 50, 2, 4
	o.Lead, o.Timeout = time.Second, 5*time.Minute
	o.pace = pace{
		bare: time.Second, bareWarm: 10 * time.Millisecond, grain: time.Millisecond, warmLead: time.Second,
		patience: 4 * time.Second, echo: 500 * time.Millisecond, settle: 10 * time.Millisecond,
	}
	var err error
	o.Executable, err = os.Executable()
	require.NoError(t, err)
	if f != nil {
		server := httptest.NewServer(f)
		t.Cleanup(server.Close)
		o.Target, o.Password = server.URL, "a password"
	}
	return o
}

// run runs a benchmark of one scenario that must succeed.
func run(t *testing.T, o Options) Result {
	t.Helper()
	report, err := Run(t.Context(), o)
	require.NoError(t, err)
	require.Len(t, report.Results, 1)
	return report.Results[0]
}
