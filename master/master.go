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
//	join     the token that workers join with             ui        what people see of it
//	systemlog  what this process logs, in the database
package master

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/wallclock"
	"github.com/carillonhq/carillon/master/alert"
	"github.com/carillonhq/carillon/master/api"
	"github.com/carillonhq/carillon/master/auth"
	"github.com/carillonhq/carillon/master/dispatch"
	"github.com/carillonhq/carillon/master/duty"
	"github.com/carillonhq/carillon/master/fleet"
	"github.com/carillonhq/carillon/master/join"
	"github.com/carillonhq/carillon/master/manage"
	"github.com/carillonhq/carillon/master/metrics"
	"github.com/carillonhq/carillon/master/plan"
	"github.com/carillonhq/carillon/master/record"
	"github.com/carillonhq/carillon/master/rescue"
	"github.com/carillonhq/carillon/master/retain"
	"github.com/carillonhq/carillon/master/systemlog"
	"github.com/carillonhq/carillon/master/ui"
	"github.com/carillonhq/carillon/rpc"
)

// Master is a running master.
type Master struct {
	opts Options
	node core.Node

	auth       *auth.Service
	pages      *ui.UI
	sessions   *auth.Sessions
	keeper     *systemlog.Keeper
	tokens     *join.Tokens
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
	plan       *duty.Prompt // the planner's passes
	rescue     *duty.Prompt // the rescuer's passes
	cancels    *duty.Prompt // passCancels

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
		Version: opts.Version, Protocol: rpc.Protocol, StartedAt: wallclock.Now(),
	}
	m.keeper = systemlog.New(opts.Name, opts.Store)
	opts.Logger = slog.New(m.keeper.Handler(opts.Logger.Handler()))
	m.opts.Logger = opts.Logger
	var err error
	if m.auth, err = auth.New(auth.Options{Store: opts.Store, Logger: opts.Logger}); err != nil {
		return nil, err
	}
	m.tokens = join.New(opts.Store, opts.Logger)
	m.manage, err = manage.New(manage.Options{
		Store: opts.Store, Logger: opts.Logger, Zone: opts.Zone, Horizon: core.PlanHorizon, Route: m.router.Route,
		Wake: m.wake, Cancel: func() { m.cancels.Ask() }, Plugins: opts.Plugins,
	})
	if err != nil {
		return nil, err
	}
	m.notifier, err = alert.New(alert.Options{Store: opts.Store, Settings: m.manage.Settings, Logger: opts.Logger, Zone: opts.Zone})
	if err != nil {
		return nil, err
	}
	m.sessions, err = auth.NewSessions(m.auth, opts.Store, opts.Logger)
	if err != nil {
		return nil, err
	}
	m.pages, err = ui.New(ui.Options{
		Manage: m.manage, Users: m.auth, Sessions: m.sessions, Logger: opts.Logger, Now: opts.Store.Now, Zone: opts.Zone, Version: opts.Version,
		SecureCookies: opts.SecureCookies,
	})
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
		Store: o.Store, Route: m.router.Route, Wake: m.wake, Plan: func() { m.plan.Ask() }, Commit: m.metrics.Commit,
		Ended: m.metrics.Recorded, Refused: m.metrics.Refused, Logger: o.Logger, Batches: o.Batches,
	})
	m.fleet = fleet.New(fleet.Options{
		Store: o.Store, Recorder: m.recorder, Settings: m.manage.Settings, Plugins: m.manage.Plugins, Route: m.router.Route, Master: m.node,
		Version: o.Version, Admit: m.tokens.Admit, Changed: m.changed, Members: m.moved, Logger: o.Logger,
	})
	m.dispatcher = dispatch.New(dispatch.Options{
		Store: o.Store, Fleet: m.fleet, Master: m.node.Incarnation, Route: m.router.Route, Commit: m.metrics.Commit,
		Ended: m.metrics.Recorded, Cancel: func() { m.cancels.Ask() }, Logger: o.Logger, Batches: o.Batches,
	})
	m.planner = plan.New(plan.Options{
		Store: o.Store, Route: m.router.Route, Zone: o.Zone, Wake: m.wake, Logger: o.Logger, Batches: o.Batches,
	})
	m.rescuer = rescue.New(rescue.Options{
		Store: o.Store, Router: m.router, Mine: m.mine, Wake: m.wake, Ended: m.metrics.Recorded, Logger: o.Logger,
	})
	m.plan = duty.NewPrompt(duty.Duty{Name: "plan", Every: planEvery, Run: m.planner.RunOnce}, o.Logger)
	m.rescue = duty.NewPrompt(duty.Duty{Name: "rescue", Every: rescueEvery, Run: m.rescuer.RunOnce}, o.Logger)
	m.cancels = duty.NewPrompt(duty.Duty{Name: "cancel", Every: cancelEvery, Run: m.passCancels}, o.Logger)
	m.pruner = retain.New(retain.Options{Store: o.Store, Settings: m.manage.Settings, Logger: o.Logger, Batches: o.Batches})
}

func (m *Master) wake(at time.Time) { m.dispatcher.Wake(at) }

// mine says of an incarnation that it is this master, or a worker in its process whose stream is open.
func (m *Master) mine(incarnation string) bool {
	return incarnation == m.node.Incarnation || m.fleet.Hosts(incarnation)
}

func (m *Master) changed() { m.dispatcher.Changed() }

func (m *Master) gauges() metrics.Gauges {
	return metrics.Gauges{
		Reserved:  func() int { return m.dispatcher.Reserved() },
		InFlight:  func() int { return m.fleet.InFlight() },
		Workers:   func() int { return m.fleet.Workers() },
		LeaseLeft: m.leaseLeft,
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
		Manage: m.manage, Auth: m.auth, JoinToken: m.tokens, Store: m.opts.Store, Zone: m.opts.Zone, Logger: m.opts.Logger, Ready: m.Ready,
		Pages: m.pages, Sessions: m.sessions, SecureCookies: m.opts.SecureCookies,
	}
	if m.opts.Metrics {
		o.Metrics = m.metrics.Handler()
	}
	return api.New(o)
}

func newGRPC(f *fleet.Fleet, secure *tls.Config) *grpc.Server {
	options := []grpc.ServerOption{
		grpc.MaxRecvMsgSize(maxMessage), grpc.MaxSendMsgSize(maxMessage),
		// A worker that vanishes without a word is noticed about as fast as its heartbeats would be missed.
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: core.HeartbeatEvery, Timeout: core.HeartbeatEvery}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: time.Second, PermitWithoutStream: true}),
	}
	if secure != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(secure)))
	}
	s := grpc.NewServer(options...)
	rpc.RegisterFleetServer(s, fleet.Server{Fleet: f})
	return s
}

// maxMessage bounds one message between master and worker, in bytes.
const maxMessage = 64 << 20
