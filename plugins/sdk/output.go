package sdk

import (
	"fmt"
	"os"
	"sync"
	"time"

	"google.golang.org/grpc"

	pluginpb "github.com/carillonhq/carillon/plugins/sdk/proto"
)

// output is what a run says to its worker. It ends with the result: what comes later has nobody to go to.
type output struct {
	mu       sync.Mutex
	stream   grpc.BidiStreamingServer[pluginpb.ToPlugin, pluginpb.FromPlugin]
	percent  int // the last one said; -1 before
	finished bool
}

func newOutput(stream grpc.BidiStreamingServer[pluginpb.ToPlugin, pluginpb.FromPlugin]) *output {
	return &output{stream: stream, percent: -1}
}

// line says a line of the log. One that comes after the result goes to standard error, where the worker looks, too.
func (o *output) line(at time.Time, level, text string) {
	text = clean(text)
	if !o.send(&pluginpb.FromPlugin{Kind: &pluginpb.FromPlugin_Log{
		Log: &pluginpb.LogLine{At: at.UnixMicro(), Level: level, Text: text},
	}}) {
		_, _ = fmt.Fprintln(os.Stderr, level, text)
	}
}

func (o *output) progress(percent int) {
	o.mu.Lock()
	same := o.percent == percent
	o.percent = percent
	o.mu.Unlock()
	if !same {
		o.send(&pluginpb.FromPlugin{Kind: &pluginpb.FromPlugin_Progress{Progress: &pluginpb.Progress{Percent: int32(percent)}}})
	}
}

func (o *output) nextAt(at time.Time) {
	o.send(&pluginpb.FromPlugin{Kind: &pluginpb.FromPlugin_NextAt{NextAt: &pluginpb.NextAt{At: at.UnixMicro()}}})
}

// result says how the run ended, and that is the last word.
func (o *output) result(result *pluginpb.Result) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.finished = true
	return o.stream.Send(&pluginpb.FromPlugin{Kind: &pluginpb.FromPlugin_Result{Result: result}})
}

// send reports whether the message was sent. A stream must not be sent to by two at once, nor after its call.
func (o *output) send(message *pluginpb.FromPlugin) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return !o.finished && o.stream.Send(message) == nil
}
