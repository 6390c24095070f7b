package bench

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"
)

// Run measures. It fails when the options are wrong, the server cannot be used, ctx ends or the time is up; the report
// then holds the scenarios that were over. That callbacks were lost is no error but in the report.
func Run(ctx context.Context, o Options) (*Report, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, o.Timeout, fmt.Errorf("the benchmark was not over within --timeout %s", o.Timeout))
	defer cancel()
	s, err := newSink()
	if err != nil {
		return nil, err
	}
	r := &runner{Options: o, sink: s, transport: newTransport(o.Clients), report: newReport(&o)}
	defer r.transport.CloseIdleConnections()
	err = r.all(ctx)
	return r.report, errors.Join(err, s.close())
}

// runner is one run.
type runner struct {
	Options
	sink      *sink
	transport *http.Transport
	report    *Report
}

// scenario is one thing to measure on a server.
type scenario struct {
	kind  Scenario
	title string
	run   func(context.Context, *server, *Result) error
}

func (r *runner) all(ctx context.Context) error {
	for _, s := range r.scenarios() {
		result, err := r.measure(ctx, s)
		if err != nil {
			return fmt.Errorf("%s: %w", s.kind, err)
		}
		r.report.Results = append(r.report.Results, result)
	}
	return nil
}

func (r *runner) scenarios() []scenario {
	switch r.Scenario {
	case ScenarioBurst:
		return []scenario{r.burst()}
	case ScenarioSteady:
		return []scenario{r.steady(r.Shape)}
	case ScenarioCron:
		return []scenario{r.cron()}
	case ScenarioPending:
		return []scenario{r.pending()}
	}
	all := []scenario{r.burst(), r.steady(ShapeWhole), r.steady(ShapeSpread), r.cron()}
	if r.Target == "" {
		return append(all, r.pending())
	}
	return all
}

// measure runs a scenario between two measurements of the bare client.
func (r *runner) measure(ctx context.Context, s scenario) (Result, error) {
	result := Result{Scenario: s.kind, Title: s.title}
	r.say("%s: %s", s.kind, s.title)
	var err error
	if result.Bare.Before, err = r.bare(ctx); err != nil {
		return result, err
	}
	if err := r.onServer(ctx, s, &result); err != nil {
		return result, err
	}
	if result.Bare.After, err = r.bare(ctx); err != nil {
		return result, err
	}
	result.Bare.Mean = (result.Bare.Before.PerSecond + result.Bare.After.PerSecond) / 2
	if c := result.Creations; c != nil {
		c.Ratio = c.PerSecond / result.Bare.Mean
	}
	if c := result.Callbacks; c != nil {
		c.Ratio = c.PerSecond / result.Bare.Mean
	}
	return result, nil
}

// onServer runs a scenario on the target or on a server started for it, which is gone when it returns.
func (r *runner) onServer(ctx context.Context, s scenario, result *Result) (err error) {
	if r.Target != "" {
		foreign := &server{}
		if foreign.api, err = newAPI(r.Target, r.User, r.Password, r.transport); err != nil {
			return err
		}
		return observe(ctx, foreign, s, result)
	}
	dir, err := os.MkdirTemp("", "carillon-bench-")
	if err != nil {
		return err
	}
	if r.Keep {
		r.say("%s: the scratch folder %s stays", s.kind, dir)
	} else {
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	own := &server{executable: r.Executable, dir: dir, password: rand.Text()}
	defer func() { err = errors.Join(err, own.end(ctx)) }()
	if err := own.begin(ctx, r.transport); err != nil {
		return own.explain(ctx, err)
	}
	return own.explain(ctx, observe(ctx, own, s, result))
}

// observe runs a scenario and notes what it used.
func observe(ctx context.Context, srv *server, s scenario, result *Result) error {
	serverBefore, ownBefore := srv.usage(), usageOf(os.Getpid())
	if err := s.run(ctx, srv, result); err != nil {
		return err
	}
	if s.kind != ScenarioPending { // which restarts its server
		result.ServerUsage = usageSince(serverBefore, srv.usage())
	}
	result.BenchUsage = usageSince(ownBefore, usageOf(os.Getpid()))
	return nil
}

// sleep waits, or fails when ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
