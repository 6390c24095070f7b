package ui

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master"
	"github.com/carillonhq/carillon/master/manage"
	"github.com/carillonhq/carillon/rpc"
	"github.com/carillonhq/carillon/store"
	"github.com/carillonhq/carillon/worker"
)

// Password is what every user of a Server signs in with.
const Password = "correct-horse"

// DatabaseName is the file of a Server's database in its folder.
const DatabaseName = "carillon.db"

// Server is a master with workers, all in this process, on a database of its own.
type Server struct {
	URL    string
	Store  *store.Store
	Manage *manage.Service

	master  *master.Master
	workers []*worker.Worker
}

// Start starts a server with its data in a folder, and with workers of these names.
func Start(ctx context.Context, folder string, log *slog.Logger, workers ...string) (s *Server, err error) {
	s = &Server{}
	if s.Store, err = store.Open(ctx, store.Options{DSN: filepath.Join(folder, DatabaseName), Logger: log}); err != nil {
		return nil, err
	}
	s.master, err = master.New(master.Options{
		Store: s.Store, Logger: log, Name: "m-shanghai-1", Version: "v1.0.0", HTTPAddr: "127.0.0.1:0", AdminPassword: Password,
		Zone: time.UTC, Exclusive: true,
	})
	if err == nil {
		err = s.master.Start(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.Store.Close())
	}
	s.URL, s.Manage = "http://"+s.master.HTTPAddr().String(), s.master.Manage()
	for _, name := range workers {
		if err := s.Work(ctx, name, log); err != nil {
			return nil, errors.Join(err, s.Stop(ctx))
		}
	}
	return s, nil
}

// Work adds a worker.
func (s *Server) Work(ctx context.Context, name string, log *slog.Logger) error {
	_, err := s.Employ(ctx, worker.Options{Name: name, Slots: 100, Performer: performer{}, Logger: log})
	return err
}

// Employ adds a worker with options of its own; how it comes to the master and what it is called as a build is said here.
func (s *Server) Employ(ctx context.Context, opts worker.Options) (*worker.Worker, error) {
	opts.Version, opts.Dialer, opts.DrainTimeout = "v1.0.0", dialer{s.master}, -1
	w, err := worker.New(opts)
	if err != nil {
		return nil, err
	}
	s.workers = append(s.workers, w)
	err = w.Start(context.WithoutCancel(ctx))
	return w, err
}

// Stop ends the server.
func (s *Server) Stop(ctx context.Context) error {
	var errs []error
	for _, w := range s.workers {
		errs = append(errs, w.Stop(ctx))
	}
	return errors.Join(append(errs, s.master.Stop(ctx), s.Store.Close())...)
}

// dialer connects a worker to a master of the same process.
type dialer struct{ master *master.Master }

// Dial is part of worker.Dialer.
func (d dialer) Dial(ctx context.Context) (rpc.WorkerStream, error) { return d.master.Attach(ctx), nil }

// performer calls nobody: what a run's URL ends in says what comes of it.
type performer struct{}

// Perform is part of worker.Performer.
func (p performer) Perform(ctx context.Context, run *rpc.Run, to worker.Sink) core.Outcome {
	began := time.Now()
	out := p.perform(ctx, run, to)
	out.SentAt, out.AnsweredAt = began, time.Now()
	return out
}

func (performer) perform(ctx context.Context, run *rpc.Run, to worker.Sink) core.Outcome {
	asked := string(run.GetCallback())
	to.Log("info", "calling")
	sent := time.Now()
	switch {
	case strings.Contains(asked, "/slow"):
		<-ctx.Done()
		return core.Outcome{State: core.RunCancelled, Result: core.Result{Reason: fmt.Sprint(context.Cause(ctx))}}
	case strings.Contains(asked, "/fail"):
		return core.Outcome{State: core.RunFailed, SentAt: sent, AnsweredAt: time.Now(), Result: core.Result{Reason: "answered 500 Internal Server Error", Status: 500, Response: []byte(`{"error":"stock service is down"}`)}}
	}
	time.Sleep(30 * time.Millisecond) // as a call takes
	return core.Outcome{State: core.RunSucceeded, SentAt: sent, AnsweredAt: time.Now(), Result: core.Result{Reason: "answered 200 OK", Status: 200, ContentType: "application/json", Response: []byte(`{"ok":true}`)}}
}
