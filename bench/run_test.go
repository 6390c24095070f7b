package bench

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
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
	// The warm-up orders 32, so what follows belongs to the burst: two are refused, three lost, five sent twice.
	f := &fake{
		paths:  make(chan string, 1),
		refuse: func(n int64) bool { return n == 50 || n == 60 },
		fault: func(n int64) int {
			switch {
			case n > 32 && n <= 35:
				return 0
			case n > 35 && n <= 40:
				return 2
			}
			return 1
		},
	}
	report, err := Run(t.Context(), quick(t, f, ScenarioBurst))
	require.NoError(t, err)
	require.Equal(t, "/api/v1/delayed-tasks", <-f.paths, "a foreign server's settings are left alone")
	require.False(t, f.absolute.Load())

	require.Equal(t, 2, report.Refused())
	require.Equal(t, 3, report.Lost())
	require.Len(t, report.Results, 1)
	got := report.Results[0]
	require.Equal(t, ScenarioBurst, got.Scenario)
	before, after := got.Bare.Before, got.Bare.After
	require.Positive(t, before.PerSecond)
	require.Positive(t, after.PerSecond)
	require.InDelta(t, (before.PerSecond+after.PerSecond)/2, got.Bare.Mean, 0.001)
	require.Equal(t, 98, got.Creations.Count)
	require.Equal(t, "json", got.Creations.API)
	require.Equal(t, 2, got.Creations.Failed)
	require.Contains(t, got.Creations.Failure, "/api/v1/delayed-tasks answered 200")
	require.InDelta(t, got.Creations.PerSecond/got.Bare.Mean, got.Creations.Ratio, 0.001)
	require.Positive(t, got.Creations.Answers.Max)
	c := got.Callbacks
	require.Equal(t, []int{98, 95, 3, 5, 0, 0}, []int{c.Expected, c.Arrived, c.Lost, c.Repeated, c.Early, c.Strays})
	require.InDelta(t, c.PerSecond/got.Bare.Mean, c.Ratio, 0.001)
	require.Equal(t, map[string]int{"succeeded": 100}, c.Recorded, "without the warm-up's")
	require.Positive(t, c.Lateness.P50)
	require.GreaterOrEqual(t, c.Lateness.Max, c.Lateness.P99)
	require.Nil(t, c.Growth)
	require.Nil(t, got.ServerUsage)
}

func TestSteadyOnATarget(t *testing.T) {
	t.Parallel()
	o := quick(t, &fake{}, ScenarioSteady)
	o.Shape, o.Rate, o.Seconds = ShapeSpread, 25, 4
	c := run(t, o).Callbacks
	require.Equal(t, []int{100, 100, 0, 0, 0}, []int{c.Expected, c.Arrived, c.Lost, c.Repeated, c.Early})
	require.LessOrEqual(t, c.PerSecond, 25.0)
	require.Less(t, c.Lateness.P50, 1500.0, "the due instants are those that were ordered, and not the first of them")
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

func TestBurstOnAServerOfItsOwn(t *testing.T) {
	t.Parallel()
	var said bytes.Buffer
	o := quick(t, nil, ScenarioBurst)
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
	got := run(t, quick(t, nil, ScenarioPending))
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
	o := quick(t, nil, ScenarioBurst)
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
	o := quick(t, nil, ScenarioBurst)
	o.pace.warmLead = time.Hour // so that the warm-up is still waited for
	_, err := Run(t.Context(), o)
	require.ErrorContains(t, err, "the server ended by itself (exit status 3)")
	require.ErrorContains(t, err, "the disk is on fire")
}

func TestBinaryThatCannotStart(t *testing.T) {
	t.Parallel()
	o := quick(t, nil, ScenarioBurst)
	o.Executable = filepath.Join(t.TempDir(), "nothing")
	_, err := Run(t.Context(), o)
	require.ErrorContains(t, err, "burst: the bare client: ")
	_, err = startProcess(t.Context(), o.Executable, t.TempDir(), "password")
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
	o.Timeout, o.pace.bare = 100*time.Millisecond, time.Hour
	_, err := Run(t.Context(), o)
	require.EqualError(t, err, "burst: the benchmark was not over within --timeout 100ms")
}

func TestCreationsThatTakeTooLong(t *testing.T) {
	t.Parallel()
	o := quick(t, &fake{}, ScenarioBurst)
	o.pace.warmLead = -time.Hour
	_, err := Run(t.Context(), o)
	require.ErrorContains(t, err, "behind the due instant: give a longer --lead")
}

func TestBareClientThatFails(t *testing.T) {
	t.Parallel()
	sink := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(sink.Close)
	b := BareClient{URL: sink.URL + sinkPath, Clients: 2, Warm: time.Second, For: time.Second}
	require.EqualError(t, b.Run(t.Context(), io.Discard), "a post failed: the sink answered 404")
}

func TestShapes(t *testing.T) {
	t.Parallel()
	r := &runner{Options: Options{Rate: 3, Seconds: 2}}
	ms := time.Millisecond
	for shape, want := range map[Shape][]time.Duration{
		ShapeWhole:  {0, 0, 0, time.Second, time.Second, time.Second},
		ShapeSpread: {0, 333333 * ms / 1000, 666666 * ms / 1000, time.Second, 1333333 * ms / 1000, 1666666 * ms / 1000},
	} {
		var got []time.Duration
		for i := range 6 {
			got = append(got, r.offset(shape)(i))
		}
		require.Equal(t, want, got, shape)
	}
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
