package rpc

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errEnd = errors.New("the stream was ended")

func up(n int64) *WorkerMessage {
	return &WorkerMessage{Kind: &WorkerMessage_Heartbeat{Heartbeat: &Heartbeat{Sequence: n}}}
}

func down(n int64) *MasterMessage {
	return &MasterMessage{Kind: &MasterMessage_HeartbeatAck{HeartbeatAck: &HeartbeatAck{Sequence: n}}}
}

func TestPipeKeepsOrderInBothDirections(t *testing.T) {
	t.Parallel()
	master, worker, cancel := Pipe(t.Context())
	defer cancel(nil)
	const n = 10 * pipeDepth
	failed := make(chan error, 2)
	go func() {
		var err error
		for i := range int64(n) {
			err = errors.Join(err, worker.Send(up(i)))
		}
		failed <- errors.Join(err, worker.CloseSend())
	}()
	go func() {
		var err error
		for i := range int64(n) {
			err = errors.Join(err, master.Send(down(i)))
		}
		failed <- err
	}()
	for i := range int64(n) {
		m, err := master.Recv()
		require.NoError(t, err)
		require.Equal(t, i, m.GetHeartbeat().Sequence)
		w, err := worker.Recv()
		require.NoError(t, err)
		require.Equal(t, i, w.GetHeartbeatAck().Sequence)
	}
	require.NoError(t, <-failed)
	require.NoError(t, <-failed)
	_, err := master.Recv()
	require.ErrorIs(t, err, io.EOF)
}

func TestWhatWasSentBeforeTheCloseArrives(t *testing.T) {
	t.Parallel()
	master, worker, cancel := Pipe(t.Context())
	defer cancel(nil)
	require.NoError(t, worker.Send(up(1)))
	require.NoError(t, worker.CloseSend())
	require.NoError(t, worker.CloseSend(), "twice is once")
	m, err := master.Recv()
	require.NoError(t, err)
	require.EqualValues(t, 1, m.GetHeartbeat().Sequence)
	for range 2 {
		_, err = master.Recv()
		require.ErrorIs(t, err, io.EOF)
	}
	require.NoError(t, master.Send(down(1)), "the other direction is open")
	w, err := worker.Recv()
	require.NoError(t, err)
	require.EqualValues(t, 1, w.GetHeartbeatAck().Sequence)
}

func TestCancelEndsBothEndsWithItsCause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		master, worker, cancel := Pipe(t.Context())
		received := make(chan error, 2)
		go func() { _, err := master.Recv(); received <- err }()
		go func() { _, err := worker.Recv(); received <- err }()
		synctest.Wait()
		require.Empty(t, received)
		cancel(errEnd)
		require.ErrorIs(t, <-received, errEnd)
		require.ErrorIs(t, <-received, errEnd)
		for _, ctx := range []context.Context{master.Context(), worker.Context()} {
			require.ErrorIs(t, context.Cause(ctx), errEnd)
		}
		_, err := master.Recv()
		require.ErrorIs(t, err, errEnd)
		_, err = worker.Recv()
		require.ErrorIs(t, err, errEnd)
	})
}

func TestBlockedSendsEndWithTheStream(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(parent context.CancelCauseFunc, own context.CancelCauseFunc){
		"cancelled":        func(_, own context.CancelCauseFunc) { own(errEnd) },
		"its context ends": func(parent, _ context.CancelCauseFunc) { parent(errEnd) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, parent := context.WithCancelCause(t.Context())
				defer parent(nil)
				master, worker, own := Pipe(ctx)
				defer own(nil)
				for i := range int64(pipeDepth) {
					require.NoError(t, master.Send(down(i)))
					require.NoError(t, worker.Send(up(i)))
				}
				sent := make(chan error, 2)
				go func() { sent <- master.Send(down(99)) }()
				go func() { sent <- worker.Send(up(99)) }()
				synctest.Wait()
				require.Empty(t, sent, "beyond its depth a pipe makes the sender wait")
				end(parent, own)
				require.ErrorIs(t, <-sent, errEnd)
				require.ErrorIs(t, <-sent, errEnd)
			})
		})
	}
}

func TestReceiverReleasesABlockedSend(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		master, worker, cancel := Pipe(t.Context())
		defer cancel(nil)
		sent := make(chan error, 1)
		go func() {
			var err error
			for i := range int64(pipeDepth + 1) {
				err = errors.Join(err, master.Send(down(i)))
			}
			sent <- err
		}()
		synctest.Wait()
		require.Empty(t, sent)
		_, err := worker.Recv()
		require.NoError(t, err)
		require.NoError(t, <-sent)
	})
}
