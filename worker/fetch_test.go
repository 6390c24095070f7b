package worker

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/plugins/host"
	"github.com/carillonhq/carillon/rpc"
)

const digest = "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"

func (m *master) fetches() []*rpc.Fetch { return messages(m, (*rpc.WorkerMessage).GetFetch) }

func (m *master) chunk(c *rpc.Chunk) {
	m.say(&rpc.MasterMessage{Kind: &rpc.MasterMessage_Chunk{Chunk: c}})
	synctest.Wait()
}

// fetched is what a call of Fetch gave.
type fetched struct {
	chunk host.Chunk
	err   error
}

func (s *scene) fetch(ctx context.Context, number int) <-chan fetched {
	done := make(chan fetched, 1)
	go func() {
		c, err := s.worker.Fetch(ctx, digest, number)
		done <- fetched{c, err}
	}()
	synctest.Wait()
	return done
}

func TestFetchGivesWhatTheMasterAnswers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := setup(t, succeed)
		m := s.fleet.last()
		first, second := s.fetch(t.Context(), 0), s.fetch(t.Context(), 7)
		require.Len(t, m.fetches(), 2)
		require.Equal(t, digest, m.fetches()[1].Digest)
		m.chunk(&rpc.Chunk{Digest: "of another", Number: 7, Data: []byte("other")})
		m.chunk(&rpc.Chunk{Digest: digest, Number: 7, Error: "no such piece", Refused: true})
		require.ErrorIs(t, (<-second).err, host.ErrRefused)
		require.Empty(t, first)
		m.chunk(&rpc.Chunk{Digest: digest, Number: 0, Data: []byte("data"), Chunks: 7, Size: 100})
		got := <-first
		require.NoError(t, got.err)
		require.Equal(t, host.Chunk{Data: []byte("data"), Chunks: 7, Size: 100}, got.chunk)

		away := s.fetch(t.Context(), 1)
		m.chunk(&rpc.Chunk{Digest: digest, Number: 1, Error: "the database is away"})
		err := (<-away).err
		require.ErrorContains(t, err, "the database is away")
		require.NotErrorIs(t, err, host.ErrRefused)
	})
}

func TestFetchGoesOnAtTheNextMaster(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := setup(t, succeed)
		answer := s.fetch(t.Context(), 3)
		for range 3 {
			m := s.fleet.last()
			require.Len(t, m.fetches(), 1, "it is asked for on each stream, once")
			m.cut(errCut)
			time.Sleep(longestWait)
		}
		s.fleet.last().chunk(&rpc.Chunk{Digest: digest, Number: 3, Data: []byte("data")})
		require.NoError(t, (<-answer).err)
	})
}

// However many wait, and whoever gives up waiting, a master has no more to answer than it lets a worker ask for.
func TestNoMoreIsAskedForThanIsAnswered(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := setup(t, succeed)
		m := s.fleet.last()
		impatient, give := context.WithTimeout(t.Context(), time.Second)
		defer give()
		var answers []<-chan fetched
		for i := range 10 {
			ctx := t.Context()
			if i < 2 {
				ctx = impatient
			}
			answers = append(answers, s.fetch(ctx, i))
		}
		require.Len(t, m.fetches(), rpc.MaxFetches)
		time.Sleep(time.Second)
		for _, a := range answers[:2] {
			require.ErrorIs(t, (<-a).err, context.DeadlineExceeded)
		}
		require.Len(t, m.fetches(), rpc.MaxFetches, "what nobody waits for any more is answered all the same")
		for i := range 10 {
			require.Len(t, m.fetches(), min(rpc.MaxFetches+i, 10))
			m.chunk(&rpc.Chunk{Digest: digest, Number: m.fetches()[i].Number, Data: []byte{1}})
		}
		for _, a := range answers[2:] {
			require.NoError(t, (<-a).err)
		}
		again := s.fetch(t.Context(), 3)
		same := s.fetch(t.Context(), 3)
		require.Len(t, m.fetches(), 12)
		m.chunk(&rpc.Chunk{Digest: digest, Number: 3})
		m.chunk(&rpc.Chunk{Digest: digest, Number: 3})
		require.NoError(t, (<-again).err)
		require.NoError(t, (<-same).err, "two may ask for the same")
	})
}

func TestFetchEndsWithTheWorker(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := setup(t, succeed)
		answer := s.fetch(t.Context(), 0)
		require.NoError(t, s.worker.Stop(t.Context()))
		require.ErrorIs(t, (<-answer).err, errNotRunning)
		_, err := s.worker.Fetch(t.Context(), digest, 0)
		require.ErrorIs(t, err, errNotRunning)
	})
}

func TestWhatARunSaysIsSentWithinASecond(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := setup(t, func(ctx context.Context, r *rpc.Run, say Sink) core.Outcome {
			for i := range 40 {
				say.Log("info", fmt.Sprint(time.Now().UnixMilli()))
				say.Progress(i / 2)
				time.Sleep(97 * time.Millisecond)
			}
			return succeed(ctx, r, say)
		})
		m := s.fleet.last()
		m.dispatch(run("a", 1))
		lines, told := 0, 0
		for range 4000 {
			time.Sleep(time.Millisecond)
			for _, l := range m.logs()[told:] {
				told++
				for _, line := range l.Lines {
					lines++
					require.Less(t, time.Since(time.UnixMicro(line.At)), 600*time.Millisecond)
				}
			}
		}
		rest := m.outcomes()[0].Log
		require.Equal(t, 40, lines+len(rest))
		require.LessOrEqual(t, told, 10, "a message of many lines, not of each")

		progress := messages(m, (*rpc.WorkerMessage).GetProgress)
		require.Len(t, progress, 3, "one a second")
		for i, p := range progress {
			require.Equal(t, "a", p.RunId)
			require.InDelta(t, 5*(i+1), p.Percent, 1)
		}
	})
}

func TestProgressIsSaidAnewAndOnlyNews(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := setup(t, func(ctx context.Context, r *rpc.Run, say Sink) core.Outcome {
			say.Progress(170)
			return lasting(20*time.Second)(ctx, r, say)
		})
		m := s.fleet.last()
		m.dispatch(run("a", 1))
		time.Sleep(5 * time.Second)
		progress := func() []*rpc.Progress { return messages(s.fleet.last(), (*rpc.WorkerMessage).GetProgress) }
		require.Len(t, progress(), 1)
		require.EqualValues(t, 100, progress()[0].Percent)
		m.cut(errCut)
		time.Sleep(5 * time.Second)
		require.Len(t, progress(), 1, "the master before may not have stored it")
	})
}

// A plugin's result is larger than a callback's answer may be. It travels whole, in messages of their usual size.
func TestResultsOfPluginsTravelWhole(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := setup(t, func(ctx context.Context, r *rpc.Run, say Sink) core.Outcome {
			o := succeed(ctx, r, say)
			o.Result.Response = make([]byte, core.MaxPluginResult+1)
			return o
		})
		m := s.fleet.last()
		runs := runsOf(10)
		for _, r := range runs[1:] {
			r.Plugin = &rpc.PluginCall{}
		}
		m.dispatch(runs...)
		time.Sleep(time.Second)
		require.Len(t, m.outcomes(), 10)
		for _, o := range m.outcomes() {
			require.True(t, o.Truncated)
			if o.RunId == "run0" {
				require.Len(t, o.Response, core.MaxResponse)
			} else {
				require.Len(t, o.Response, core.MaxPluginResult)
			}
		}
		for _, some := range messages(m, (*rpc.WorkerMessage).GetOutcomes) {
			require.LessOrEqual(t, len(some.Outcomes), 3)
		}
	})
}
