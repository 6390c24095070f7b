package worker

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/rpc"
)

// busyMaster keeps a worker's slots full until n runs are confirmed.
func busyMaster(stream rpc.MasterStream, n, slots, batch int, done chan<- struct{}) {
	given, confirmed := 0, 0
	give := func() {
		for given < n && given-confirmed <= slots-batch {
			block := make([]rpc.Run, min(batch, n-given))
			runs := make([]*rpc.Run, len(block))
			for i := range block {
				block[i].Id, block[i].Token = fmt.Sprintf("01890000-0000-8000-8000-%012d", given+i), 1
				runs[i] = &block[i]
			}
			given += len(runs)
			_ = stream.Send(&rpc.MasterMessage{Kind: &rpc.MasterMessage_Dispatch{Dispatch: &rpc.Dispatch{Runs: runs}}})
		}
	}
	for {
		m, err := stream.Recv()
		if err != nil {
			return
		}
		switch {
		case m.GetHello() != nil:
			_ = stream.Send(&rpc.MasterMessage{Kind: &rpc.MasterMessage_Welcome{Welcome: &rpc.Welcome{Protocol: rpc.Protocol}}})
			give()
		case m.GetHeartbeat() != nil:
			_ = stream.Send(&rpc.MasterMessage{Kind: &rpc.MasterMessage_HeartbeatAck{
				HeartbeatAck: &rpc.HeartbeatAck{Sequence: m.GetHeartbeat().Sequence}}})
		case m.GetOutcomes() != nil:
			c := &rpc.Confirm{}
			for _, o := range m.GetOutcomes().Outcomes {
				c.Runs = append(c.Runs, &rpc.Held{RunId: o.RunId, Token: o.Token})
			}
			confirmed += len(c.Runs)
			_ = stream.Send(&rpc.MasterMessage{Kind: &rpc.MasterMessage_Confirm{Confirm: c}})
			if confirmed == n {
				close(done)
			}
			give()
		}
	}
}

// pipeDialer is what a single process uses.
type pipeDialer func(stream rpc.MasterStream)

func (d pipeDialer) Dial(ctx context.Context) (rpc.WorkerStream, error) {
	theirs, ours, _ := rpc.Pipe(ctx)
	go d(theirs)
	return ours, nil
}

func benchmark(b *testing.B, dialer func(b *testing.B, master func(rpc.MasterStream)) Dialer) {
	const slots, batch = 1000, 100
	done := make(chan struct{})
	n := b.N
	d := dialer(b, func(stream rpc.MasterStream) { busyMaster(stream, n, slots, batch, done) })
	w, err := New(Options{Name: "w1", Performer: performer(succeed), Dialer: d, Slots: slots})
	require.NoError(b, err)
	b.ReportAllocs()
	b.ResetTimer()
	require.NoError(b, w.Start(b.Context()))
	<-done
	b.StopTimer()
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "runs/s")
	require.NoError(b, w.Stop(b.Context()))
}

func BenchmarkRunsThroughPipe(b *testing.B) {
	benchmark(b, func(_ *testing.B, master func(rpc.MasterStream)) Dialer { return pipeDialer(master) })
}

func BenchmarkRunsOverGRPC(b *testing.B) {
	benchmark(b, func(b *testing.B, master func(rpc.MasterStream)) Dialer {
		m := serveGRPC(b, func(stream rpc.Fleet_ConnectServer) error {
			master(&replayed{Fleet_ConnectServer: stream, first: &rpc.WorkerMessage{
				Kind: &rpc.WorkerMessage_Hello{Hello: &rpc.Hello{}}}})
			return nil
		})
		d, err := NewGRPCDialer(GRPCOptions{Addresses: []string{m.address}, Token: "secret-token"})
		require.NoError(b, err)
		return d
	})
}

// replayed gives a first message again that was already read.
type replayed struct {
	rpc.Fleet_ConnectServer
	first *rpc.WorkerMessage
}

func (r *replayed) Recv() (*rpc.WorkerMessage, error) {
	if m := r.first; m != nil {
		r.first = nil
		return m, nil
	}
	return r.Fleet_ConnectServer.Recv()
}
