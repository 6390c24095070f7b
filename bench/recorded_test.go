package bench

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRecorded(t *testing.T) {
	t.Parallel()
	before := parseFirings(strings.NewReader(`# TYPE carillon_firings_total counter
carillon_firings_total{outcome="succeeded",trigger="delayed"} 12
`))
	require.Equal(t, map[string]int{"succeeded": 12}, before)
	after := parseFirings(strings.NewReader(`go_goroutines 12
carillon_firings_total{outcome="conflict",trigger="schedule"} 3
carillon_firings_total{outcome="succeeded",trigger="delayed"} 12
carillon_firings_total{outcome="succeeded",trigger="schedule"} 1.5e+06
carillon_firings_total{outcome="failed",trigger="schedule"} many
carillon_firings_totals{outcome="failed",trigger="schedule"} 1
`))
	got := gained(before, after)
	require.Equal(t, map[string]int{"conflict": 3, "succeeded": 1_500_000}, got)
	require.Equal(t, "3 conflict, 1,500,000 succeeded", outcomesText(got))
	require.Empty(t, gained(before, before))
	require.Empty(t, outcomesText(nil))
}
