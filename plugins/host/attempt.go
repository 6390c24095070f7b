package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/wallclock"
	pluginpb "github.com/carillonhq/carillon/plugins/sdk/proto"
)

// How long a plugin may take to end the call after its result, and its process to be gone after its connection broke.
const (
	hangUpPatience     = time.Second
	connectionPatience = 2 * time.Second
)

// attempt is one run on its way through the host.
type attempt struct {
	host  *Host
	call  *Call
	sink  Sink
	quota *quota
	// name is the package with the version that is run, from when that is known.
	name   string
	first  bool // it is the first in its process
	began  time.Time
	sent   time.Time // when the plugin had it; zero before
	nextAt time.Time

	sending sync.Mutex // of the stream

	mu    sync.Mutex
	asked *ask // nil while nobody asked the run to end
}

// ask is why a run was asked to end: the first reason counts.
type ask struct {
	state core.RunState // how the run ends by that
	why   string
	grace time.Duration
	kill  *time.Timer
}

type stream = grpc.BidiStreamingClient[pluginpb.ToPlugin, pluginpb.FromPlugin]

// run performs a run in a process that it has joined.
func (a *attempt) run(ctx context.Context, p *process, params json.RawMessage) core.Outcome {
	work, err := p.makeWork()
	if err != nil {
		return a.failed(err.Error(), true)
	}
	defer func() {
		if err := wipe(work); err != nil {
			a.host.o.Logger.Warn("the directory of a plugin's run cannot be removed", "error", err)
		}
	}()
	// The stream's context is the host's: what ctx asks for, the plugin is told in words, and then its process is killed.
	calling, hangUp := context.WithCancel(context.WithoutCancel(ctx))
	defer hangUp()
	s, err := p.client.Run(calling)
	if err != nil {
		return a.broken(p, err)
	}
	a.sent = wallclock.Now()
	a.sending.Lock() // a Cancel that is due already comes after Start
	defer a.forget()
	defer context.AfterFunc(ctx, func() {
		cause := context.Cause(ctx)
		a.ask(p, s, &ask{state: core.RunCancelled, why: cause.Error(), grace: a.grace(cause)})
	})()
	if a.call.Timeout > 0 {
		late := time.AfterFunc(a.call.Timeout, func() {
			a.ask(p, s, &ask{state: core.RunTimedOut, why: fmt.Sprintf("no result within %s", a.call.Timeout), grace: a.host.o.Grace})
		})
		defer late.Stop()
	}
	err = s.Send(&pluginpb.ToPlugin{Kind: &pluginpb.ToPlugin_Start{Start: a.start(p, work, params)}})
	a.sending.Unlock()
	if err != nil && !errors.Is(err, io.EOF) { // of an EOF the receiver learns more
		return a.broken(p, err)
	}
	result, err := a.receive(s)
	if err != nil {
		return a.broken(p, err)
	}
	a.end(s, hangUp)
	return a.ended(result)
}

func (a *attempt) start(p *process, work string, params json.RawMessage) *pluginpb.Start {
	c := a.call
	start := &pluginpb.Start{
		Task: c.Task, Params: params, RunId: c.RunID, OccurrenceId: c.OccurrenceID, Attempt: int32(c.Attempt), TaskId: c.TaskID,
		Trigger: c.Trigger, Due: micros(c.Due), Shard: int32(c.Shard), Shards: int32(c.Shards), HasParent: c.HasParent,
		ParentResult: c.ParentResult, Files: p.pkg.dir, Work: work,
	}
	if c.Timeout > 0 {
		start.Deadline = a.sent.Add(c.Timeout).UnixMicro()
	}
	return start
}

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func (a *attempt) grace(cause error) time.Duration {
	if a.call.Grace != nil {
		if grace := a.call.Grace(cause); grace >= 0 {
			return grace
		}
	}
	return a.host.o.Grace
}

// receive takes what the plugin says until it gives the result.
func (a *attempt) receive(s stream) (*pluginpb.Result, error) {
	percent := int32(-1)
	for {
		m, err := s.Recv()
		if err != nil {
			return nil, err
		}
		switch kind := m.GetKind().(type) {
		case *pluginpb.FromPlugin_Log:
			a.log(kind.Log.GetLevel(), kind.Log.GetText())
		case *pluginpb.FromPlugin_Progress:
			if now := min(max(kind.Progress.GetPercent(), 0), 100); now != percent {
				percent = now
				a.sink.Progress(int(now))
			}
		case *pluginpb.FromPlugin_NextAt:
			a.next(kind.NextAt.GetAt())
		case *pluginpb.FromPlugin_Result:
			return kind.Result, nil
		}
	}
}

// log adds a line of the plugin's to the log, unless they come too fast.
func (a *attempt) log(level, text string) {
	ok, dropped := a.quota.pass(text)
	if dropped > 0 {
		a.sink.Log("warn", droppedText(dropped))
	}
	if ok {
		a.sink.Log(level, text)
	}
}

// lastInstant is the last that can be written as RFC 3339.
const lastInstant = 253402300799999999

func (a *attempt) next(at int64) {
	if at <= 0 || at > lastInstant {
		a.sink.Log("warn", fmt.Sprintf("the next instant that the plugin set, %d µs after 1970, is left out: it must be after 1970 and before 10000", at))
		return
	}
	a.nextAt = time.UnixMicro(at).UTC()
}

// ask asks the plugin to end the run, and kills its process when the grace is over.
func (a *attempt) ask(p *process, s stream, why *ask) {
	a.mu.Lock()
	if a.asked != nil {
		a.mu.Unlock()
		return
	}
	why.kill = time.AfterFunc(why.grace, func() {
		a.host.pool.condemned(p)
		p.kill(death{by: a, why: fmt.Errorf("%s, and it did not end in the %s that it was given for that", why.why, why.grace)})
	})
	a.asked = why
	a.mu.Unlock()
	// It may wait for Start to be sent, for which the plugin may never have room; the grace is running.
	a.sending.Lock()
	defer a.sending.Unlock()
	_ = s.Send(&pluginpb.ToPlugin{Kind: &pluginpb.ToPlugin_Cancel{Cancel: &pluginpb.Cancel{
		Reason: why.why, GraceMs: why.grace.Milliseconds(),
	}}})
}

// forget lets a process live whose run has ended.
func (a *attempt) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.asked == nil {
		a.asked = &ask{} // too late to ask
	} else if a.asked.kill != nil {
		a.asked.kill.Stop()
	}
}

// end lets the plugin end the call after its result. To reset each call instead would look like an attack to some servers.
func (a *attempt) end(s stream, hangUp context.CancelFunc) {
	defer time.AfterFunc(hangUpPatience, hangUp).Stop()
	a.sending.Lock()
	_ = s.CloseSend()
	a.sending.Unlock()
	for {
		if _, err := s.Recv(); err != nil {
			return
		}
	}
}

// isPlugins reports whether an error of the stream is the plugin's own answer, so that its handler has returned.
func isPlugins(err error) bool {
	switch status.Code(err) {
	case codes.Unavailable, codes.Canceled, codes.DeadlineExceeded, codes.Internal, codes.ResourceExhausted:
		return false // these can come from the connection as well
	}
	return true
}
