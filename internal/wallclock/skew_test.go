//go:build skew

package wallclock

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestClockIsWrongByTheOffset(t *testing.T) {
	t.Setenv(OffsetEnv, "-30s")
	before := time.Now()
	got := Now()
	require.WithinRange(t, got, before.Add(-30*time.Second), time.Now().Add(-30*time.Second))
	require.Equal(t, got, got.Round(0), "a monotonic reading would undo the error")
}
