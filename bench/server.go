package bench

import (
	"context"
	"net/http"
	"time"
)

// server is the Carillon that is measured: a foreign one, or one of the benchmark's own, which has a process.
type server struct {
	api *api

	executable string
	dir        string
	password   string
	process    *process
}

// begin starts the process, at the first time or anew.
func (s *server) begin(ctx context.Context, transport *http.Transport) error {
	p, err := startProcess(ctx, s.executable, s.dir, s.password)
	if err != nil {
		return err
	}
	s.process = p
	earlier := s.api
	if s.api, err = newAPI(p.url, "admin", s.password, transport); err != nil {
		return err
	}
	if earlier != nil {
		s.api.absolute = earlier.absolute // a setting outlives the process
		return nil
	}
	return s.api.takeAbsolute(ctx)
}

// end stops the process, if it runs.
func (s *server) end(ctx context.Context) error {
	if s.process == nil {
		return nil
	}
	err := s.process.stop(ctx)
	s.process = nil
	return err
}

// watch gives a context that ends when the process does.
func (s *server) watch(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	if p := s.process; p != nil {
		go func() {
			select {
			case <-p.ended:
				cancel(p.lastWords())
			case <-ctx.Done():
			}
		}()
	}
	return ctx, func() { cancel(nil) }
}

// explain gives the end of the process as the reason of an error that came of it: a connection that breaks may be noticed
// before that end is.
func (s *server) explain(ctx context.Context, err error) error {
	if err == nil || s.process == nil || ctx.Err() != nil {
		return err
	}
	select {
	case <-s.process.ended:
		return s.process.lastWords()
	case <-time.After(time.Second):
		return err
	}
}

// usage is what the process has used; unknown of a foreign one.
func (s *server) usage() usage {
	if s.process == nil {
		return usage{}
	}
	return usageOf(s.process.cmd.Process.Pid)
}
