package rpc

import (
	"context"
	"io"
	"sync"
)

// MasterStream is a worker's stream as the master sees it. Send may be called by one goroutine at a time, Recv by one.
type MasterStream interface {
	Context() context.Context
	Send(*MasterMessage) error
	Recv() (*WorkerMessage, error)
}

// WorkerStream is the same stream as the worker sees it.
type WorkerStream interface {
	Context() context.Context
	Send(*WorkerMessage) error
	Recv() (*MasterMessage, error)
	CloseSend() error
}

var (
	_ MasterStream = (Fleet_ConnectServer)(nil)
	_ WorkerStream = (Fleet_ConnectClient)(nil)
)

// pipeDepth is how many messages may wait in each direction of a pipe before Send blocks.
const pipeDepth = 64

// Pipe makes a stream inside one process. Messages are handed over, not copied: the sender must not change one after
// sending it. Both ends end when ctx does; either end can be closed.
func Pipe(ctx context.Context) (MasterStream, WorkerStream, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	down, up := make(chan *MasterMessage, pipeDepth), make(chan *WorkerMessage, pipeDepth)
	m := &masterEnd{pipeEnd[MasterMessage, WorkerMessage]{ctx: ctx, out: down, in: up}}
	w := &workerEnd{pipeEnd: pipeEnd[WorkerMessage, MasterMessage]{ctx: ctx, out: up, in: down}}
	return m, w, cancel
}

type pipeEnd[O, I any] struct {
	ctx context.Context // a stream is its context, as in gRPC
	out chan *O
	in  chan *I
}

func (p *pipeEnd[O, I]) Context() context.Context { return p.ctx }

func (p *pipeEnd[O, I]) Send(m *O) error {
	select {
	case <-p.ctx.Done():
		return context.Cause(p.ctx)
	case p.out <- m:
		return nil
	}
}

func (p *pipeEnd[O, I]) Recv() (*I, error) {
	select {
	case m, open := <-p.in:
		if !open {
			return nil, io.EOF
		}
		return m, nil
	case <-p.ctx.Done():
		return nil, context.Cause(p.ctx)
	}
}

type masterEnd struct {
	pipeEnd[MasterMessage, WorkerMessage]
}

type workerEnd struct {
	pipeEnd[WorkerMessage, MasterMessage]
	closing sync.Once
}

// CloseSend tells the master that the worker sends no more. It must not be called while a Send is under way.
func (w *workerEnd) CloseSend() error {
	w.closing.Do(func() { close(w.out) })
	return nil
}
