package bench

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestBurstOnATarget(t *testing.T) {
	t.Parallel()
	f := &fake{paths: make(chan string, 1)}
	got := run(t, quick(t, f, ScenarioBurst))
	require.Equal(t, "/api/v1/delayed-tasks", <-f.paths, "a foreign server's settings are left alone")
	require.False(t, f.absolute.Load())

	require.Equal(t, ScenarioBurst, got.Scenario)
	require.Positive(t, got.Bare.Before)
	require.Positive(t, got.Bare.After)
	require.InDelta(t, (got.Bare.Before+got.Bare.After)/2, got.Bare.Mean, 0.001)
	require.Equal(t, 100, got.Creations.Count)
	require.Equal(t, "json", got.Creations.API)
	require.Zero(t, got.Creations.Failed)
	require.InDelta(t, got.Creations.PerSecond/got.Bare.Mean, got.Creations.Ratio, 0.001)
	require.Positive(t, got.Creations.Answers.Max)
	c := got.Callbacks
	require.Equal(t, []int{100, 100, 0, 0, 0, 0}, []int{c.Expected, c.Arrived, c.Lost, c.Repeated, c.Early, c.Strays})
	require.InDelta(t, c.PerSecond/got.Bare.Mean, c.Ratio, 0.001)
	require.Positive(t, c.Lateness.P50)
	require.GreaterOrEqual(t, c.Lateness.Max, c.Lateness.P99)
	require.Nil(t, c.Growth)
	require.Nil(t, got.ServerUsage)
}

func TestLostAndRepeatedAreCounted(t *testing.T) {
	t.Parallel()
	// The warm-up orders 32, so what follows belongs to the burst.
	f := &fake{fault: func(n int64) int {
		switch {
		case n > 32 && n <= 35:
			return 0
		case n > 35 && n <= 40:
			return 2
		}
		return 1
	}}
	c := run(t, quick(t, f, ScenarioBurst)).Callbacks
	require.Equal(t, []int{100, 97, 3, 5, 0, 0}, []int{c.Expected, c.Arrived, c.Lost, c.Repeated, c.Early, c.Strays})
}

func TestRefusedCreationsAreNotExpected(t *testing.T) {
	t.Parallel()
	f := &fake{refuse: func(n int64) bool { return n == 50 || n == 60 }}
	report, err := Run(t.Context(), quick(t, f, ScenarioBurst))
	require.NoError(t, err)
	require.Equal(t, 2, report.Refused())
	require.Equal(t, 0, report.Lost())
	got := report.Results[0]
	require.Equal(t, 98, got.Creations.Count)
	require.Contains(t, got.Creations.Failure, "/api/v1/delayed-tasks answered 200")
	require.Equal(t, 98, got.Callbacks.Expected)
	require.Equal(t, 98, got.Callbacks.Arrived)
}

func TestSteadyOnATarget(t *testing.T) {
	t.Parallel()
	for _, shape := range []Shape{ShapeWhole, ShapeSpread} {
		t.Run(string(shape), func(t *testing.T) {
			t.Parallel()
			o := quick(t, &fake{}, ScenarioSteady)
			o.Shape, o.Rate, o.Seconds = shape, 100, 1
			c := run(t, o).Callbacks
			require.Equal(t, []int{100, 100, 0, 0, 0}, []int{c.Expected, c.Arrived, c.Lost, c.Repeated, c.Early})
			require.Less(t, c.Lateness.P50, 500.0, "the due instants are those that were ordered")
		})
	}
}

func TestCronOnATarget(t *testing.T) {
	t.Parallel()
	o := quick(t, &fake{fault: func(n int64) int {
		if n == 2*warmAtLeast+1 {
			return 0
		}
		return 1
	}}, ScenarioCron)
	o.pace.grain = time.Second
	got := run(t, o)
	require.Equal(t, 10, got.Creations.Count)
	require.Equal(t, "form", got.Creations.API)
	c := got.Callbacks
	require.Equal(t, []int{20, 19, 1, 0, 0, 0}, []int{c.Expected, c.Arrived, c.Lost, c.Repeated, c.Early, c.Strays})
}

// own gives options that start this test binary as the server.
func own(t *testing.T, s Scenario) Options {
	t.Helper()
	executable, err := os.Executable()
	require.NoError(t, err)
	o := quick(t, nil, s)
	o.Executable = executable
	return o
}

func TestBurstOnAServerOfItsOwn(t *testing.T) {
	t.Parallel()
	var said bytes.Buffer
	o := own(t, ScenarioBurst)
	o.Progress, o.Keep = &said, true
	report, err := Run(t.Context(), o)
	_, dir, _ := strings.Cut(said.String(), "the scratch folder ")
	dir, _, _ = strings.Cut(dir, " stays")
	require.FileExists(t, filepath.Join(dir, "server.log"))
	require.NoError(t, os.RemoveAll(dir))

	require.NoError(t, err)
	require.Equal(t, "own", report.Server)
	got := report.Results[0]
	require.Equal(t, "form", got.Creations.API)
	require.Equal(t, 100, got.Callbacks.Arrived)
	if runtime.GOOS == "linux" {
		require.Positive(t, got.ServerUsage.PeakMemory)
		require.Positive(t, got.BenchUsage.PeakMemory)
	}
}

func TestPendingOnAServerOfItsOwn(t *testing.T) {
	t.Parallel()
	got := run(t, own(t, ScenarioPending))
	require.Equal(t, 100, got.Creations.Count)
	require.Nil(t, got.Callbacks)
	p := got.Pending
	require.Equal(t, 100, p.Count)
	for _, start := range []float64{p.StartNew, p.StartEmpty, p.StartFull} {
		require.Positive(t, start)
	}
	if runtime.GOOS == "linux" {
		for _, memory := range []int64{p.MemoryBefore, p.MemoryAfter, p.MemoryEmpty, p.MemoryFull} {
			require.Positive(t, memory)
		}
	}
}

func TestInterruptEndsTheServer(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	interrupted := errors.New("interrupted")
	o := own(t, ScenarioBurst)
	o.Lead = time.Hour
	var srv *server
	r := &runner{Options: o, transport: newTransport(1)}
	err := r.onServer(ctx, scenario{kind: ScenarioBurst, run: func(ctx context.Context, s *server, _ *Result) error {
		srv = &server{process: s.process, dir: s.dir}
		cancel(interrupted)
		return sleep(ctx, time.Hour)
	}}, &Result{})
	require.ErrorIs(t, err, interrupted)
	<-srv.process.ended
	require.NoDirExists(t, srv.dir)
}

func TestServerThatEndsByItself(t *testing.T) {
	t.Setenv(crashAfter, "50ms")
	o := own(t, ScenarioBurst)
	o.pace.warmLead = time.Hour // so that the warm-up is still waited for
	_, err := Run(t.Context(), o)
	require.ErrorContains(t, err, "the server ended by itself (exit status 3)")
	require.ErrorContains(t, err, "the disk is on fire")
}

func TestServerThatCannotStart(t *testing.T) {
	t.Parallel()
	o := own(t, ScenarioBurst)
	o.Executable = filepath.Join(t.TempDir(), "nothing")
	_, err := Run(t.Context(), o)
	require.ErrorContains(t, err, "start the server")
}

func TestWrongPassword(t *testing.T) {
	t.Parallel()
	o := quick(t, &fake{secret: "another"}, ScenarioBurst)
	_, err := Run(t.Context(), o)
	require.ErrorContains(t, err, "burst: warm-up: ")
	require.ErrorContains(t, err, "/api/v1/delayed-tasks answered 401")
}

func TestSilentServer(t *testing.T) {
	t.Parallel()
	_, err := Run(t.Context(), quick(t, &fake{fault: func(int64) int { return 0 }}, ScenarioBurst))
	require.ErrorContains(t, err, "does the server run on this machine?")
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	o := quick(t, &fake{}, ScenarioBurst)
	o.Timeout, o.pace.bare = time.Second, time.Hour
	_, err := Run(t.Context(), o)
	require.EqualError(t, err, "burst: the benchmark was not over within --timeout 1s")
}

func TestCreationsThatTakeTooLong(t *testing.T) {
	t.Parallel()
	o := quick(t, &fake{}, ScenarioBurst)
	o.pace.warmLead = -time.Hour
	_, err := Run(t.Context(), o)
	require.ErrorContains(t, err, "behind the due instant: give a longer --lead")
}

func TestScenarios(t *testing.T) {
	t.Parallel()
	kinds := func(o Options) (kinds []Scenario) {
		for _, s := range (&runner{Options: o}).scenarios() {
			kinds = append(kinds, s.kind)
		}
		return kinds
	}
	o := DefaultOptions()
	require.Equal(t, []Scenario{ScenarioBurst, ScenarioSteady, ScenarioSteady, ScenarioCron, ScenarioPending}, kinds(o))
	o.Target = "http://127.0.0.1:30000"
	require.Equal(t, []Scenario{ScenarioBurst, ScenarioSteady, ScenarioSteady, ScenarioCron}, kinds(o))
	for _, s := range []Scenario{ScenarioBurst, ScenarioSteady, ScenarioCron, ScenarioPending} {
		o.Scenario = s
		require.Equal(t, []Scenario{s}, kinds(o))
	}
}
