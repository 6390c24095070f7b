package master

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/record"
	"github.com/carillonhq/carillon/rpc"
	"github.com/carillonhq/carillon/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{DSN: filepath.Join(t.TempDir(), "carillon.db"), Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() }) // a test may have closed it
	return s
}

// makeMaster makes a master on loopback ports, changed as asked.
func makeMaster(t *testing.T, s *store.Store, changes ...func(*Options)) *Master {
	t.Helper()
	o := Options{
		Store: s, Logger: slog.New(slog.DiscardHandler), Name: "m1", Version: "1.2.3", HTTPAddr: "127.0.0.1:0", GRPCAddr: "127.0.0.1:0",
		AdminPassword: "correct horse", Exclusive: true, Metrics: true,
	}
	for _, change := range changes {
		change(&o)
	}
	m, err := New(o)
	require.NoError(t, err)
	return m
}

// worker connects a worker inside the process and gives its end when it is welcomed.
func worker(ctx context.Context, t *testing.T, m *Master) rpc.WorkerStream {
	t.Helper()
	stream := m.Attach(ctx)
	require.NoError(t, stream.Send(&rpc.WorkerMessage{Kind: &rpc.WorkerMessage_Hello{Hello: &rpc.Hello{
		Protocol: rpc.Protocol, Name: "w1", Incarnation: "w1-1", Weight: 1, Slots: 10,
	}}}))
	welcome, err := stream.Recv()
	require.NoError(t, err)
	require.Equal(t, "m1", welcome.GetWelcome().GetMaster())
	return stream
}

func TestStartAndStopAgainAndAgain(t *testing.T) {
	t.Parallel()
	s := open(t)
	for i := range 20 {
		m := makeMaster(t, s)
		require.NoError(t, m.Start(t.Context()))
		if i%4 == 0 {
			stream := worker(t.Context(), t, m)
			require.NoError(t, m.Stop(t.Context()))
			_, err := stream.Recv()
			require.ErrorIs(t, err, errDetached)
			continue
		}
		require.NoError(t, m.Stop(t.Context()))
	}
	nodes, err := s.Nodes(t.Context())
	require.NoError(t, err)
	for _, n := range nodes {
		if n.Kind == core.NodeMaster {
			require.False(t, n.Alive(s.Now()), "its lease ended with it")
		}
	}
}

func TestStartedMasterServes(t *testing.T) {
	t.Parallel()
	m := makeMaster(t, open(t))
	require.NoError(t, m.Start(t.Context()))
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for _, path := range []string{"/health", "/ready", "/metrics"} {
		resp, err := client.Get("http://" + m.HTTPAddr().String() + path)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, http.StatusOK, resp.StatusCode, path)
	}
	conn, err := net.Dial("tcp", m.GRPCAddr().String())
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	require.NoError(t, m.Stop(t.Context()))
	_, err = net.DialTimeout("tcp", m.HTTPAddr().String(), time.Second)
	require.Error(t, err)
}

func TestStartOnATakenPortLeavesNothingRunning(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	for name, change := range map[string]func(*Options, string){
		"HTTP": func(o *Options, addr string) { o.HTTPAddr = addr },
		"gRPC": func(o *Options, addr string) { o.GRPCAddr = addr },
	} {
		s := open(t)
		m := makeMaster(t, s, func(o *Options) { change(o, taken.Addr().String()) })
		require.ErrorContains(t, m.Start(t.Context()), "listen on "+taken.Addr().String(), name)
		require.Error(t, m.run.Err(), name)
		require.Nil(t, m.duties, name)
		require.NoError(t, s.Close(), name)
	}
}

func TestStartOnABrokenDatabaseFails(t *testing.T) {
	t.Parallel()
	s := open(t)
	m := makeMaster(t, s)
	require.NoError(t, s.Close())
	require.Error(t, m.Start(t.Context()))
	require.Error(t, m.Ready(t.Context()))
}

func TestStopEndsInTimeThoughTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	s := open(t)
	m := makeMaster(t, s, func(o *Options) { o.StopTimeout = time.Second })
	require.NoError(t, m.Start(t.Context()))
	require.NoError(t, s.Close())
	confirmed := make(chan []store.Held, 1)
	require.NoError(t, m.recorder.Submit(t.Context(), record.Report{
		Outcomes: []core.Outcome{{RunID: "run", State: core.RunSucceeded}}, Confirm: func(held []store.Held) { confirmed <- held },
	}))
	began := time.Now()
	require.Error(t, m.Stop(t.Context()))
	require.Less(t, time.Since(began), time.Minute, "without a bound it would wait for ever")
	require.Empty(t, confirmed, "the worker keeps what is not stored")
}

func TestAdminsPasswordIsToldOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	var told []string
	random := func(o *Options) {
		o.AdminPassword, o.AdminCreated = "", func(password string) { told = append(told, password) }
	}
	for range 3 {
		m := makeMaster(t, s, random)
		require.NoError(t, m.Start(t.Context()))
		require.NoError(t, m.Stop(t.Context()))
	}
	require.Len(t, told, 1)
	require.GreaterOrEqual(t, len(told[0]), 12)
	another := makeMaster(t, open(t), random, func(o *Options) { o.AdminPassword = "chosen by an operator" })
	require.NoError(t, another.Start(t.Context()))
	require.NoError(t, another.Stop(t.Context()))
	require.Len(t, told, 1, "one that was given is told to nobody")
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	s := open(t)
	log := slog.New(slog.DiscardHandler)
	for name, o := range map[string]Options{
		"no store": {Logger: log, Name: "m1"}, "no logger": {Store: s, Name: "m1"},
		"no name": {Store: s, Logger: log}, "bad name": {Store: s, Logger: log, Name: "a b"},
	} {
		_, err := New(o)
		require.Error(t, err, name)
	}
	m, err := New(Options{Store: s, Logger: log, Name: "m1"})
	require.NoError(t, err)
	require.Equal(t, []any{time.Local, 10 * time.Second}, []any{m.opts.Zone, m.opts.StopTimeout})
	require.NoError(t, m.Start(t.Context()))
	require.Nil(t, m.HTTPAddr())
	require.Nil(t, m.GRPCAddr())
	require.NoError(t, m.Stop(t.Context()))
}

func TestWorkerJoinsWhateverTheSettingsTableHolds(t *testing.T) {
	t.Parallel()
	s := open(t)
	require.NoError(t, s.SaveSettings(t.Context(), map[string]string{"System_WorkerUnHealthTimes": "many"}))
	m := makeMaster(t, s)
	require.NoError(t, m.Start(t.Context()))
	worker(t.Context(), t, m)
	require.NoError(t, m.Stop(t.Context()))
}
