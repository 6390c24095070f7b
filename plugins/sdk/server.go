package sdk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/carillonhq/carillon/plugins/sdk/handshake"
	pluginpb "github.com/carillonhq/carillon/plugins/sdk/proto"
)

// Server performs runs of tasks for a worker. Serve is all that a plugin needs; a Server is for what starts no process, as
// package sdktest.
type Server struct {
	pluginpb.UnimplementedPluginServer
	tasks map[string]*prepared
	names []string

	serving context.Context // over when the process is to end
	stop    context.CancelCauseFunc
	stderr  io.Writer
	grace   time.Duration // to end in

	mu     sync.Mutex
	closed bool
	runs   sync.WaitGroup
}

// NewServer makes a server of tasks. It fails when one has no name or no handler, or when two have one name.
func NewServer(tasks ...Task) (*Server, error) {
	if err := checkTasks(tasks); err != nil {
		return nil, err
	}
	s := &Server{tasks: map[string]*prepared{}, stderr: os.Stderr, grace: graceOf(os.Getenv(handshake.GraceKey))}
	s.serving, s.stop = context.WithCancelCause(context.Background())
	for _, task := range tasks {
		s.tasks[task.Name] = &prepared{task: task}
	}
	s.names = slices.Sorted(maps.Keys(s.tasks))
	return s, nil
}

// Describe names the tasks.
func (s *Server) Describe(context.Context, *pluginpb.DescribeRequest) (*pluginpb.DescribeReply, error) {
	return &pluginpb.DescribeReply{Tasks: s.names, Sdk: "go " + version()}, nil
}

// Run performs one run.
func (s *Server) Run(stream grpc.BidiStreamingServer[pluginpb.ToPlugin, pluginpb.FromPlugin]) error {
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	start := first.GetStart()
	if start == nil {
		return status.Error(codes.InvalidArgument, "the first message of a run must be Start")
	}
	if !s.begin() {
		return status.Error(codes.Unavailable, "the plugin's process ends")
	}
	defer s.runs.Done()
	out := newOutput(stream)
	value, err := s.perform(stream, start, out)
	return out.result(resultOf(value, err))
}

// begin counts a run as under way, unless the process ends.
func (s *Server) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.runs.Add(1)
	}
	return !s.closed
}

// perform calls the handler in a goroutine of its own, which it may end, and waits for it whatever happens to the stream.
func (s *Server) perform(stream grpc.BidiStreamingServer[pluginpb.ToPlugin, pluginpb.FromPlugin], start *pluginpb.Start, out *output) (json.RawMessage, error) {
	task, known := s.tasks[start.GetTask()]
	if !known {
		return nil, Permanent(fmt.Errorf("the plugin has no task %q: it has %s", start.GetTask(), strings.Join(s.names, ", ")))
	}
	run, err := newRun(start, out)
	if err != nil {
		return nil, Permanent(err)
	}
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(stream.Context()))
	defer cancel(nil)
	defer context.AfterFunc(stream.Context(), func() { cancel(&Cancelled{Reason: "the worker ended the connection"}) })()
	go awaitCancel(stream, cancel)

	if err := task.setUp(ctx, s.serving); err != nil {
		return nil, told(run, err)
	}
	var value json.RawMessage
	ended := make(chan error, 1)
	go attempt(func() error {
		var err error
		value, err = call(ctx, task.task.Run, run)
		return err
	}, func(err error) { ended <- err })
	err = <-ended
	return value, told(run, err)
}

// call gives a handler's result as JSON, which may be a panic of the result's own making.
func call(ctx context.Context, handler Handler, run *Run) (json.RawMessage, error) {
	result, err := handler(ctx, run)
	if result == nil {
		return nil, err
	}
	value, invalid := json.Marshal(result)
	switch {
	case invalid != nil:
		return nil, errors.Join(err, Permanent(fmt.Errorf("the result cannot be written as JSON: %w", invalid)))
	case len(value) > MaxResult:
		return nil, errors.Join(err, Permanent(fmt.Errorf("the result is %d bytes of JSON: at most %d are left to children", len(value), MaxResult)))
	}
	return value, err
}

// told writes a panic's stack to the run's log.
func told(run *Run, err error) error {
	if thrown, ok := asPanic(err); ok && thrown.stack != nil {
		run.out.line(time.Now(), "error", thrown.Error()+"\n"+string(thrown.stack))
	}
	return err
}

// awaitCancel cancels the run when the worker asks for it. It ends with the stream.
func awaitCancel(stream grpc.BidiStreamingServer[pluginpb.ToPlugin, pluginpb.FromPlugin], cancel context.CancelCauseFunc) {
	for {
		message, err := stream.Recv()
		if err != nil {
			return
		}
		if asked := message.GetCancel(); asked != nil {
			cancel(&Cancelled{Reason: asked.GetReason(), Grace: time.Duration(asked.GetGraceMs()) * time.Millisecond})
		}
	}
}

func resultOf(value json.RawMessage, err error) *pluginpb.Result {
	result := &pluginpb.Result{Value: value}
	if err == nil {
		return result
	}
	result.Error = clean(err.Error())
	if result.Error == "" {
		result.Error = fmt.Sprintf("an error of type %T that says nothing", err)
	}
	_, permanent := errors.AsType[*permanentError](err)
	result.Retryable = !permanent
	if later, ok := errors.AsType[*laterError](err); ok {
		result.RetryAfterMs = later.wait.Milliseconds()
	}
	return result
}
