package worker

import (
	"context"
	"fmt"
	"time"
)

// The waits of a stop after DrainTimeout. With the rest they stay within what a service manager usually allows.
const (
	abortWait   = 3 * time.Second // for cancelled runs to return
	confirmWait = 5 * time.Second // for outcomes to be confirmed
	closeWait   = time.Second     // for the master to close the stream
	hurriedWait = time.Second     // instead of the two before when the stop was hurried
)

// drain ends the incarnation. It is called once.
//
//	draining   nothing more is taken, what waits is forgotten, a heartbeat says so at once; runs go on
//	aborting   after DrainTimeout, or when hurried: runs under way are cancelled with ErrStopping and reported as lost
//	reporting  until every outcome is confirmed, on a new stream if need be
//	closing    the sender closes the stream, the master ends it, all goroutines end
func (i *incarnation) drain(ctx context.Context) error {
	i.table.drain()
	signal(i.beatNow)
	underWay, ended := i.table.counts()
	i.log.Info("draining", "running", underWay, "unconfirmed", ended)

	i.await(ctx, i.opts.DrainTimeout, func() bool { return i.hurried.Load() || i.nothingUnderWay() })
	why := ErrStopping
	if i.hurried.Load() {
		why = ErrHurried
	}
	if n := i.table.abort(why); n > 0 {
		i.log.Warn("runs did not end in the time allowed and were cancelled", "runs", n, "allowed", i.opts.DrainTimeout, "hurried", i.hurried.Load())
		i.await(ctx, i.patience(abortWait), i.nothingUnderWay)
	}
	i.await(ctx, i.patience(confirmWait), i.confirmed)

	close(i.closing)
	if i.connected.Load() {
		timer := time.NewTimer(closeWait)
		defer timer.Stop()
		select {
		case <-i.done:
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	i.cut()
	<-i.done
	i.lease.Stop()

	underWay, ended = i.table.counts()
	if underWay+ended > 0 {
		return fmt.Errorf("worker %s stopped with %d runs under way and %d outcomes unconfirmed, which masters will recover",
			i.opts.Name, underWay, ended)
	}
	i.log.Info("stopped")
	return nil
}

// patience is how long a wait after the drain may take.
func (i *incarnation) patience(usual time.Duration) time.Duration {
	if i.hurried.Load() {
		return hurriedWait
	}
	return usual
}

// await returns when holds is true, after the time given, or at the end of ctx.
func (i *incarnation) await(ctx context.Context, atMost time.Duration, holds func() bool) {
	timer := time.NewTimer(atMost)
	defer timer.Stop()
	for !holds() {
		select {
		case <-i.moved:
		case <-timer.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

func (i *incarnation) nothingUnderWay() bool {
	underWay, _ := i.table.counts()
	return underWay == 0
}

func (i *incarnation) confirmed() bool {
	underWay, ended := i.table.counts()
	return underWay == 0 && ended == 0
}
