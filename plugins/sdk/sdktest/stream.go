package sdktest

import (
	"context"
	"io"
	"sync"
	"time"

	"google.golang.org/grpc"

	pluginpb "github.com/carillonhq/carillon/plugins/sdk/proto"
)

// stream is both ends of the conversation about one run: the server's, and the worker's part of it in cancel and outcome.
type stream struct {
	grpc.ServerStream // nil: the server calls nothing else
	ctx               context.Context
	in                chan *pluginpb.ToPlugin

	mu  sync.Mutex
	got Outcome
}

var _ grpc.BidiStreamingServer[pluginpb.ToPlugin, pluginpb.FromPlugin] = (*stream)(nil)

func newStream(ctx context.Context, start *pluginpb.Start) *stream {
	s := &stream{ctx: ctx, in: make(chan *pluginpb.ToPlugin, 2)}
	s.in <- &pluginpb.ToPlugin{Kind: &pluginpb.ToPlugin_Start{Start: start}}
	return s
}

func (s *stream) Context() context.Context { return s.ctx }

func (s *stream) Recv() (*pluginpb.ToPlugin, error) {
	select {
	case message := <-s.in:
		return message, nil
	case <-s.ctx.Done():
		return nil, io.EOF
	}
}

func (s *stream) Send(message *pluginpb.FromPlugin) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch kind := message.GetKind().(type) {
	case *pluginpb.FromPlugin_Log:
		s.got.Log = append(s.got.Log, Line{Level: kind.Log.GetLevel(), Text: kind.Log.GetText()})
	case *pluginpb.FromPlugin_Progress:
		s.got.Progress = append(s.got.Progress, int(kind.Progress.GetPercent()))
	case *pluginpb.FromPlugin_NextAt:
		s.got.NextAt = time.UnixMicro(kind.NextAt.GetAt()).UTC()
	case *pluginpb.FromPlugin_Result:
		s.got.end(kind.Result)
	}
	return nil
}

// cancel has the room it needs: there is one Start and one Cancel.
func (s *stream) cancel(reason string) {
	s.in <- &pluginpb.ToPlugin{Kind: &pluginpb.ToPlugin_Cancel{
		Cancel: &pluginpb.Cancel{Reason: reason, GraceMs: grace.Milliseconds()},
	}}
}

func (s *stream) outcome() *Outcome {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &s.got
}
