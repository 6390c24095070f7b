// Package master is the process that keeps tasks, plans and dispatches their runs, and records what became of them. Any
// number of masters may share a database; none is special.
//
// This file wires the parts together; each part is a package of its own:
//
//	api      what business systems and administrators call        manage    the rules behind every call
//	plan     runs of the coming instants                          dispatch  runs that are due, to workers
//	fleet    the workers' streams                                 record    outcomes
//	rescue   what dead processes held                             retain    what is old
//	duty     what is done again and again                         auth      who calls
//	alert    who is told of failures                              metrics   what Prometheus reads
package master

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/alert"
	"github.com/carillonhq/carillon/master/api"
	"github.com/carillonhq/carillon/master/auth"
	"github.com/carillonhq/carillon/master/dispatch"
	"github.com/carillonhq/carillon/master/duty"
	"github.com/carillonhq/carillon/master/fleet"
	"github.com/carillonhq/carillon/master/manage"
	"github.com/carillonhq/carillon/master/metrics"
	"github.com/carillonhq/carillon/master/plan"
	"github.com/carillonhq/carillon/master/record"
	"github.com/carillonhq/carillon/master/rescue"
	"github.com/carillonhq/carillon/master/retain"
	"github.com/carillonhq/carillon/rpc"
	"github.com/carillonhq/carillon/store"
)

// Master is a running master.
type Master struct {
	opts Options
	node core.Node

	auth       *auth.Service
	manage     *manage.Service
	router     *plan.Router
	planner    *plan.Planner
	recorder   *record.Recorder
	fleet      *fleet.Fleet
	dispatcher *dispatch.Dispatcher
	rescuer    *rescue.Rescuer
	pruner     *retain.Pruner
	notifier   *alert.Notifier
	metrics    *metrics.Metrics

	run      context.Context // the life of the master, between Start and Stop
	end      context.CancelFunc
	loops    sync.WaitGroup
	duties   *duty.Runner
	http     *http.Server
	grpc     *grpc.Server
	httpAddr net.Addr
	grpcAddr net.Addr
	leased   atomic.Int64 // when this master's lease runs out, in microseconds since the Unix epoch
}

// New makes a master. Nothing runs before Start.
func New(opts Options) (*Master, error) {
	if err := opts.complete(); err != nil {
		return nil, err
	}
	m := &Master{opts: opts, router: new(plan.Router)}
	m.node = core.Node{
		Kind: core.NodeMaster, Name: opts.Name, Incarnation: uuid.NewString(), State: core.NodeEnabled, Weight: 1, Slots: 1,
		Version: opts.Version, StartedAt: time.Now(),
	}
	var err error
	if m.auth, err = auth.New(auth.Options{Store: opts.Store, Logger: opts.Logger}); err != nil {
		return nil, err
	}
	m.manage, err = manage.New(manage.Options{
		Store: opts.Store, Logger: opts.Logger, Zone: opts.Zone, Horizon: core.PlanHorizon, Route: m.router.Route,
		Wake: m.wake, Cancel: m.cancelRun,
	})
	if err != nil {
		return nil, err
	}
	m.notifier, err = alert.New(alert.Options{Store: opts.Store, Settings: m.manage.Settings, Logger: opts.Logger, Zone: opts.Zone})
	if err != nil {
		return nil, err
	}
	m.metrics = metrics.New(opts.Version, m.gauges())
	m.assemble()
	return m, nil
}

// assemble makes the parts of the path of a firing.
func (m *Master) assemble() {
	o := m.opts
	m.recorder = record.New(record.Options{
		Store: o.Store, Route: m.router.Route, Wake: m.wake, Commit: m.metrics.Commit, Ended: m.metrics.Recorded, Logger: o.Logger,
	})
	m.fleet = fleet.New(fleet.Options{
		Store: o.Store, Recorder: m.recorder, Settings: m.manage.Settings, Route: m.router.Route, Master: m.node,
		Version: o.Version, Token: m.JoinToken, Changed: m.changed, Logger: o.Logger,
	})
	m.dispatcher = dispatch.New(dispatch.Options{
		Store: o.Store, Fleet: m.fleet, Master: m.node.Incarnation, Route: m.router.Route, Commit: m.metrics.Commit,
		Ended: m.metrics.Recorded, Logger: o.Logger,
	})
	m.planner = plan.New(plan.Options{Store: o.Store, Route: m.router.Route, Zone: o.Zone, Wake: m.wake, Logger: o.Logger})
	m.rescuer = rescue.New(rescue.Options{
		Store: o.Store, Router: m.router, Mine: m.mine, Wake: m.wake, Ended: m.metrics.Recorded, Logger: o.Logger,
	})
	m.pruner = retain.New(retain.Options{Store: o.Store, Settings: m.manage.Settings, Logger: o.Logger})
}

func (m *Master) wake(at time.Time) { m.dispatcher.Wake(at) }

// mine says of an incarnation that it is this master, or a worker in its process whose stream is open.
func (m *Master) mine(incarnation string) bool {
	return incarnation == m.node.Incarnation || m.fleet.Hosts(incarnation)
}

func (m *Master) changed() { m.dispatcher.Changed() }

// cancelRun asks the worker that has a run to end it.
func (m *Master) cancelRun(run *core.Run, reason string) {
	if !m.fleet.Cancel(run, reason) {
		m.opts.Logger.Warn("a run to be cancelled is with a worker that is not connected here", "run", run.ID, "worker", run.Worker)
	}
}

func (m *Master) gauges() metrics.Gauges {
	return metrics.Gauges{
		Reserved:  func() int { return m.dispatcher.Reserved() },
		InFlight:  func() int { return m.fleet.InFlight() },
		Workers:   func() int { return m.fleet.Workers() },
		LeaseLeft: func() time.Duration { return time.UnixMicro(m.leased.Load()).Sub(m.opts.Store.Now()) },
		Depth: func() map[core.RunState]int64 {
			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
			defer cancel()
			depth, err := m.opts.Store.QueueDepth(ctx)
			if err != nil {
				m.opts.Logger.Error("the queue's depth could not be read", "error", err)
			}
			return depth
		},
	}
}

// joinTokenName is what the store knows the join token by.
const joinTokenName = "join-token"

// JoinToken gives the token that workers prove themselves with.
func (m *Master) JoinToken(ctx context.Context) (string, error) {
	if m.opts.JoinToken != "" {
		return m.opts.JoinToken, nil
	}
	return JoinToken(ctx, m.opts.Store)
}

// JoinToken gives a database's join token, made and stored when there is none.
func JoinToken(ctx context.Context, s *store.Store) (string, error) {
	return s.Secret(ctx, joinTokenName, rand.Text())
}

// keepJoinToken stores the token that the master was given, so that `carillon join-token` prints the one in force.
func (m *Master) keepJoinToken(ctx context.Context) error {
	if m.opts.JoinToken != "" {
		return m.opts.Store.SetSecret(ctx, joinTokenName, m.opts.JoinToken)
	}
	_, err := m.JoinToken(ctx)
	return err
}

// Attach connects a worker that lives in this process. The stream ends with ctx.
func (m *Master) Attach(ctx context.Context) rpc.WorkerStream {
	masterEnd, workerEnd, cancel := rpc.Pipe(ctx)
	go func() { cancel(errors.Join(m.fleet.Serve(masterEnd, m.node.Incarnation), errDetached)) }()
	return workerEnd
}

var errDetached = errors.New("the master ended the stream")

// Ready says why the master cannot serve, or nil.
func (m *Master) Ready(ctx context.Context) error {
	if err := m.opts.Store.Ping(ctx); err != nil {
		return fmt.Errorf("the database does not answer: %w", err)
	}
	return nil
}

func (m *Master) handler() (http.Handler, error) {
	o := api.Options{
		Manage: m.manage, Auth: m.auth, Store: m.opts.Store, Zone: m.opts.Zone, Logger: m.opts.Logger, Ready: m.Ready, Version: m.opts.Version,
	}
	if m.opts.Metrics {
		o.Metrics = m.metrics.Handler()
	}
	return api.New(o)
}

func newGRPC(f *fleet.Fleet) *grpc.Server {
	s := grpc.NewServer(
		grpc.MaxRecvMsgSize(maxMessage), grpc.MaxSendMsgSize(maxMessage),
		// A worker that vanishes without a word is noticed about as fast as its heartbeats would be missed.
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: core.HeartbeatEvery, Timeout: core.HeartbeatEvery}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: time.Second, PermitWithoutStream: true}),
	)
	rpc.RegisterFleetServer(s, fleet.Server{Fleet: f})
	return s
}

// maxMessage bounds one message between master and worker, in bytes.
const maxMessage = 64 << 20
