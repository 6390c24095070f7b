package bench

import (
	"bufio"
	"context"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// firings is the counter in /metrics of runs that were recorded.
const firings = `carillon_firings_total{`

// recorded reads how many runs the server has recorded, by outcome. A server that serves no metrics has no say in it.
func (a *api) recorded(ctx context.Context) map[string]int {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.base.JoinPath("metrics").String(), nil)
	if err != nil {
		return nil
	}
	response, err := a.transport.RoundTrip(request)
	if err != nil {
		return nil
	}
	defer response.Body.Close() //nolint:errcheck // what was read of it is good
	return parseFirings(response.Body)
}

// parseFirings reads the text format of Prometheus: carillon_firings_total{outcome="failed",trigger="retry"} 3
func parseFirings(r io.Reader) map[string]int {
	outcomes := map[string]int{}
	for s := bufio.NewScanner(r); s.Scan(); {
		rest, ok := strings.CutPrefix(s.Text(), firings)
		if !ok {
			continue
		}
		labels, value, _ := strings.Cut(rest, "} ")
		_, outcome, _ := strings.Cut(labels, `outcome="`)
		outcome, _, _ = strings.Cut(outcome, `"`)
		if n, err := strconv.ParseFloat(value, 64); err == nil {
			outcomes[outcome] += int(n)
		}
	}
	return outcomes
}

// gained is what came on top of what was recorded before.
func gained(before, after map[string]int) map[string]int {
	more := map[string]int{}
	for outcome, n := range after {
		if n > before[outcome] {
			more[outcome] = n - before[outcome]
		}
	}
	return more
}

// outcomesText shows outcomes in the order of their names.
func outcomesText(outcomes map[string]int) string {
	var parts []string
	for _, outcome := range slices.Sorted(maps.Keys(outcomes)) {
		parts = append(parts, count(outcomes[outcome])+" "+outcome)
	}
	return strings.Join(parts, ", ")
}
