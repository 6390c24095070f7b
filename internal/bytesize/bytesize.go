// Package bytesize reads and writes numbers of bytes as people write them: 512MiB.
package bytesize

import (
	"math"
	"strconv"
	"strings"
)

// units are the units of 1024, largest first, and those of 1000, which are read but not written.
var units = [...]struct {
	name  string
	bytes int64
}{
	{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
	{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3}, {"B", 1},
}

// Parse reads a whole number of bytes, or of one of the units B, KB, MB, GB, TB (of 1000) and KiB, MiB, GiB, TiB (of
// 1024), with or without a space before it. It reports false for anything else, and for what is negative or too large.
func Parse(s string) (int64, bool) {
	digits, unit := strings.TrimSpace(s), int64(1)
	for _, u := range units {
		if rest, found := strings.CutSuffix(digits, u.name); found {
			digits, unit = strings.TrimRight(rest, " "), u.bytes
			break
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 0 || n > math.MaxInt64/unit {
		return 0, false
	}
	return n * unit, true
}

// Format writes a number of bytes as Parse reads it, in the largest unit of 1024 that divides it.
func Format(n int64) string {
	for _, u := range units[:4] {
		if n != 0 && n%u.bytes == 0 {
			return strconv.FormatInt(n/u.bytes, 10) + u.name
		}
	}
	return strconv.FormatInt(n, 10)
}
