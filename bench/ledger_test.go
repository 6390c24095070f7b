package bench

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLedgerOfOneCallbackEach(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 31, 8, 30, 0, 0, time.UTC)
	l := newLedger(1000, 4, 1, time.Time{})
	l.mark(1000, "", start.Add(5*time.Millisecond))
	l.mark(1002, "not read", start.Add(20*time.Millisecond))
	l.mark(1002, "", start.Add(10*time.Second)) // the first arrival is the one that counts
	l.mark(1003, "", start.Add(-time.Millisecond))
	l.mark(999, "", start)
	l.mark(1004, "", start)
	require.EqualValues(t, []int64{3, 1, 2}, []int64{l.arrived.Load(), l.repeated.Load(), l.strays.Load()})

	acked := []bool{true, true, true, false}
	require.Equal(t, 1, l.lost(acked))
	require.Equal(t, 0, l.lost([]bool{true, false, true, true}))
	samples, last := l.samples(acked, start, func(i int) time.Time { return start.Add(time.Duration(i) * time.Millisecond) })
	require.Equal(t, []sample{{0, 5 * time.Millisecond}, {2 * time.Millisecond, 18 * time.Millisecond}}, samples,
		"what was not acknowledged does not count")
	require.True(t, last.Equal(start.Add(20*time.Millisecond)))
}

func TestLedgerOfSeveralCallbacksEach(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 31, 8, 30, 0, 0, time.UTC)
	l := newLedger(7, 2, 3, start)
	late := 3 * time.Millisecond
	l.mark(7, "2026-01-31T08:30:00Z", start.Add(late))
	l.mark(7, "2026-01-31T08:30:02Z", start.Add(2*time.Second+late))
	l.mark(7, "2026-01-31T08:30:02Z", start.Add(2*time.Second+late))
	l.mark(8, "2026-01-31T16:30:01+08:00", start.Add(time.Second+late))
	for _, due := range []string{"2026-01-31T08:30:03Z", "2026-01-31T08:29:59Z", "2026-01-31T08:30:00.5Z", "", "soon"} {
		l.mark(7, due, start)
	}
	require.EqualValues(t, []int64{3, 1, 5}, []int64{l.arrived.Load(), l.repeated.Load(), l.strays.Load()})
	require.Equal(t, 3, l.lost([]bool{true, true}))
	require.Equal(t, 1, l.lost([]bool{true, false}))
	samples, _ := l.samples([]bool{true, true}, start, func(int) time.Time { return start })
	require.Equal(t, []sample{{0, late}, {2 * time.Second, late}, {time.Second, late}}, samples)
}

func TestSink(t *testing.T) {
	t.Parallel()
	s, err := newSink()
	require.NoError(t, err)
	first := s.open(5, 1, time.Time{})
	second := s.open(5, 1, time.Time{})
	require.Equal(t, first.first+5, second.first, "numbers are not used again")

	answer, err := http.Post(s.url+"6", "application/json", http.NoBody)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.StatusCode)
	require.EqualValues(t, len(success), answer.ContentLength)
	require.NoError(t, answer.Body.Close())
	require.EqualValues(t, 1, second.arrived.Load())
	require.Zero(t, first.arrived.Load())
	require.NoError(t, s.close())

	for _, path := range []string{"/", "/sink/", "/sink/x", "/other/6"} {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(http.MethodPost, path, http.NoBody))
		require.Equal(t, http.StatusNotFound, w.Code, path)
	}
	require.Zero(t, second.strays.Load())
}
