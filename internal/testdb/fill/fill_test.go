package fill_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/internal/testdb/fill"
)

type inner struct {
	Text string
	At   time.Time
}

type outer struct {
	inner
	Inner   inner
	Pointer *inner
	List    []inner
	Bytes   []byte
	Wait    time.Duration
	Share   float64
	On      bool
}

func TestEveryFieldIsFilled(t *testing.T) {
	t.Parallel()
	var v outer
	fill.Value(t, &v)
	require.NotEmpty(t, v.Inner.Text)
	require.NotZero(t, v.Inner.At)
	require.NotEqual(t, v.Inner.At, v.Pointer.At, "no two fields are alike")
	require.Len(t, v.List, 2)
	require.NotEqual(t, v.List[0].Text, v.List[1].Text)
	require.NotZero(t, v.Bytes)
	require.NotZero(t, v.Wait)
	require.NotZero(t, v.Share)
	require.True(t, v.On)
}

func TestDifferencesNameTheField(t *testing.T) {
	t.Parallel()
	var v, same outer
	fill.Value(t, &v)
	fill.Value(t, &same)
	same.Inner.At = v.Inner.At.In(time.FixedZone("elsewhere", 3600))
	require.Empty(t, fill.Differences(v, same))

	var w outer
	fill.Value(t, &w)
	w.Pointer.Text = ""
	w.List[1].At = time.Time{}
	w.Bytes = nil
	found := fill.Differences(&v, &w)
	require.Len(t, found, 3)
	require.Contains(t, found[0], "Pointer.Text: ")
	require.Contains(t, found[1], "List[1].At: ")
	require.Contains(t, found[2], "Bytes: ")
	require.Len(t, fill.Differences(&v, &w, "Pointer", "Bytes"), 1)
}
