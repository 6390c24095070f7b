package store

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// slow is a group whose commits take a millisecond, and the sizes of its batches.
func slow(sizes *[]int) *group[int] {
	return &group[int]{most: 256, flush: func(_ context.Context, batch []int) error {
		*sizes = append(*sizes, len(batch))
		time.Sleep(time.Millisecond)
		return nil
	}}
}

// Writers that write again as soon as they are answered all share each commit, and not in two halves by turns.
func TestWritersComeTogetherInOneCommit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const writers, writes = 64, 20
		var sizes []int
		g := slow(&sizes)
		var all sync.WaitGroup
		for range writers {
			all.Go(func() {
				for i := range writes {
					if err := g.do(t.Context(), i); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		g.wait()
		sum := 0
		for _, n := range sizes {
			sum += n
		}
		require.Equal(t, writers*writes, sum)
		require.LessOrEqual(t, len(sizes), writes+2, "%v", sizes)
	})
}

func TestCommitsAreSharedByAsManyAsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var sizes []int
		g := slow(&sizes)
		g.most = 2
		var all sync.WaitGroup
		for i := range 6 {
			all.Go(func() { _ = g.do(t.Context(), i) })
			synctest.Wait() // the first is stored alone, the others wait for it
		}
		all.Wait()
		g.wait()
		require.Equal(t, []int{1, 2, 2, 1}, sizes)
	})
}

func TestFewWritersWaitForNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var sizes []int
		g := slow(&sizes)
		began := time.Now()
		for i := range 10 {
			require.NoError(t, g.do(t.Context(), i))
		}
		require.Equal(t, 10*time.Millisecond, time.Since(began), "as long as the commits take")
		g.wait()
	})
}

// However long a commit takes, the rest behind it is short.
func TestRestIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := &group[int]{most: 256, flush: func(context.Context, []int) error {
			time.Sleep(time.Second)
			return nil
		}}
		var all sync.WaitGroup
		for i := range 1 + manyWrites {
			all.Go(func() { _ = g.do(t.Context(), i) })
			synctest.Wait() // the first is stored alone, the others wait for it
		}
		all.Wait()
		began := time.Now()
		require.NoError(t, g.do(t.Context(), 0))
		require.Equal(t, longestRest+time.Second, time.Since(began))
		g.wait()
	})
}
