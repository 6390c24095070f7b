package master

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/duty"
	"github.com/carillonhq/carillon/master/manage"
	"github.com/carillonhq/carillon/store"
)

// The pace of the duties.
const (
	leaseEvery  = time.Second
	planEvery   = time.Second
	rescueEvery = time.Second
	followEvery = time.Second
	cancelEvery = time.Second
	alertEvery  = 5 * time.Second
	logEvery    = time.Second
	usesEvery   = 30 * time.Second
	retainEvery = 10 * time.Minute
	sweepEvery  = time.Minute
)

// Start registers the master and begins to serve. On an error nothing is left running.
func (m *Master) Start(ctx context.Context) (err error) {
	if err := m.prepare(ctx); err != nil {
		return err
	}
	handler, err := m.handler()
	if err != nil {
		return err
	}
	m.run, m.end = context.WithCancel(context.WithoutCancel(ctx))
	httpListener, err := listen(ctx, m.opts.HTTPAddr)
	if err != nil {
		m.end()
		return err
	}
	grpcListener, err := listen(ctx, m.opts.GRPCAddr)
	if err != nil {
		m.end()
		return errors.Join(err, closeListener(httpListener))
	}
	m.recorder.Start(m.run)
	m.dispatcher.Start(m.run)
	m.loops.Go(func() { m.fleet.Run(m.run) })
	m.loops.Go(func() { m.plan.Loop(m.run) })
	m.loops.Go(func() { m.rescue.Loop(m.run) })
	m.loops.Go(func() { m.cancels.Loop(m.run) })
	m.duties, err = duty.Start(m.run, duty.Options{Leases: m.opts.Store, Holder: m.node.Incarnation, Logger: m.opts.Logger}, m.dutyList())
	if err != nil {
		m.end()
		return errors.Join(err, closeListener(httpListener), closeListener(grpcListener))
	}
	if grpcListener != nil {
		m.grpcAddr, m.grpc = grpcListener.Addr(), newGRPC(m.fleet, m.opts.GRPCTLS)
		go m.serve("gRPC", func() error { return m.grpc.Serve(grpcListener) })
	}
	if httpListener != nil {
		m.httpAddr = httpListener.Addr()
		m.http = &http.Server{
			Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		}
		m.http.RegisterOnShutdown(m.pages.Close)
		go m.serve("HTTP", func() error { return m.http.Serve(httpListener) })
	}
	m.opts.Logger.Info("master started", "name", m.node.Name, "incarnation", m.node.Incarnation, "http", addrText(m.httpAddr), "grpc", addrText(m.grpcAddr),
		"tls", m.opts.GRPCTLS != nil)
	return nil
}

// prepare makes what a first start makes, and takes this process's lease.
func (m *Master) prepare(ctx context.Context) error {
	if m.opts.JoinToken != "" {
		if err := m.tokens.Offer(ctx, m.opts.JoinToken); err != nil {
			return err
		}
	} else if _, err := m.tokens.Current(ctx); err != nil {
		return err
	}
	password, err := m.auth.EnsureAdmin(ctx, m.opts.AdminPassword)
	if err != nil {
		return err
	}
	if password != "" && m.opts.AdminCreated != nil {
		m.opts.AdminCreated(password)
	}
	if m.opts.Exclusive {
		if err := m.opts.Store.ExpireHere(ctx); err != nil {
			return err
		}
	}
	if err := m.opts.Store.Register(ctx, &m.node, "", core.Lease); err != nil {
		return err
	}
	m.leased.Store(m.node.LeaseUntil.UnixMicro())
	// What dead processes held is free before the first run is dispatched.
	return m.rescuer.RunOnce(ctx)
}

func (m *Master) dutyList() []duty.Duty {
	return []duty.Duty{
		{Name: "lease", Every: leaseEvery, Timeout: core.HeartbeatEvery, Run: m.keepLease},
		m.plan.Duty(),
		{Name: "nodes", Every: followEvery, Run: m.fleet.Follow},
		m.rescue.Duty(),
		m.cancels.Duty(),
		{Name: "token uses", Every: usesEvery, Run: m.auth.StoreUses},
		{Name: "system log", Every: logEvery, Run: m.storeLog},
		{Name: "alert", Every: alertEvery, Single: true, Run: m.notifier.RunOnce},
		{Name: "retain", Every: retainEvery, Timeout: retainEvery, Single: true, Run: m.pruner.RunOnce},
		{Name: "plugins", Every: sweepEvery, Timeout: retainEvery, Single: true, Run: m.manage.Plugins.Sweep},
	}
}

// storeLog stores what this master has logged.
func (m *Master) storeLog(ctx context.Context) error { return m.keeper.RunOnce(ctx, m.manage.Settings) }

// keepLease renews this master's lease every core.HeartbeatEvery. One that could not be renewed is tried again at the next
// run: until then nobody else's is judged.
func (m *Master) keepLease(ctx context.Context) error {
	if m.leaseLeft() > core.Lease-core.HeartbeatEvery+leaseEvery/2 {
		return nil
	}
	return m.renew(ctx)
}

// leaseLeft is how long this master's lease lasts.
func (m *Master) leaseLeft() time.Duration {
	return time.UnixMicro(m.leased.Load()).Sub(m.opts.Store.Now())
}

// renew extends this master's lease. When it was given up for dead, its reservations were given on, and it registers
// anew: what it has in memory fails at the commit.
func (m *Master) renew(ctx context.Context) error {
	gone, err := m.opts.Store.Renew(ctx, []store.Beat{{
		Incarnation: m.node.Incarnation, Kind: core.NodeMaster, Name: m.node.Name, State: core.NodeEnabled,
		Running: m.dispatcher.Reserved(), Lease: core.Lease,
	}})
	if err != nil {
		return err
	}
	if len(gone) > 0 {
		m.opts.Logger.Warn("this master was given up for dead; it registers anew", "incarnation", m.node.Incarnation)
		node := m.node
		if err := m.opts.Store.Register(ctx, &node, "", core.Lease); err != nil {
			return err
		}
	}
	m.leased.Store(m.opts.Store.Now().Add(core.Lease).UnixMicro())
	return nil
}

// HTTPAddr is where the API is served; nil when it is not.
func (m *Master) HTTPAddr() net.Addr { return m.httpAddr }

// GRPCAddr is where workers connect; nil when none can.
func (m *Master) GRPCAddr() net.Addr { return m.grpcAddr }

// Stop ends the master: requests under way are answered, reservations given back, outcomes that arrived recorded. It
// takes at most StopTimeout.
func (m *Master) Stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), m.opts.StopTimeout)
	defer cancel()
	defer m.loops.Wait()
	defer m.recorder.Wait()
	defer m.end()
	var errs []error
	if m.http != nil {
		errs = append(errs, m.stopHTTP(ctx))
	}
	errs = append(errs, m.duties.Stop(), m.dispatcher.Stop(ctx))
	m.fleet.Stop()
	if m.grpc != nil {
		m.grpc.Stop()
	}
	m.recorder.Stop(ctx)
	errs = append(errs, m.auth.StoreUses(ctx), m.opts.Store.Expire(ctx, m.node.Incarnation))
	m.opts.Logger.Info("master stopped", "name", m.node.Name)
	_ = m.storeLog(ctx) // the process's own log has what could not be stored
	return errors.Join(errs...)
}

// stopHTTP answers the requests under way. It takes a third of the time at most, so that a slow client does not keep the
// reservations from being given back.
func (m *Master) stopHTTP(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, m.opts.StopTimeout/3)
	defer cancel()
	if err := m.http.Shutdown(ctx); err != nil {
		return errors.Join(err, m.http.Close())
	}
	return nil
}

func (m *Master) serve(what string, serve func() error) {
	if err := serve(); err != nil && !errors.Is(err, http.ErrServerClosed) && m.run.Err() == nil {
		m.opts.Logger.Error("a listener ended", "listener", what, "error", err)
	}
}

func listen(ctx context.Context, addr string) (net.Listener, error) {
	if addr == "" {
		return nil, nil
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	return l, nil
}

func closeListener(l net.Listener) error {
	if l == nil {
		return nil
	}
	return l.Close()
}

func addrText(a net.Addr) string {
	if a == nil {
		return "off"
	}
	return a.String()
}

// Manage gives the services that the master's API calls.
func (m *Master) Manage() *manage.Service { return m.manage }
