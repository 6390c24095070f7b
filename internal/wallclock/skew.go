//go:build skew

// Package wallclock reads a wall clock that is wrong by OffsetEnv.
package wallclock

import (
	"fmt"
	"os"
	"sync"
	"time"
)

// OffsetEnv is the environment variable that says how far the clock is ahead, such as "30s" or "-30s". Empty stands for a
// clock that is right.
const OffsetEnv = "CARILLON_CLOCK_OFFSET"

var offset = sync.OnceValue(func() time.Duration {
	text := os.Getenv(OffsetEnv)
	if text == "" {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		panic(fmt.Sprintf("%s=%q is not a duration such as 30s or -30s", OffsetEnv, text))
	}
	return d
})

// Now is the time by a wall clock that is wrong. It has no monotonic reading, which a wrong clock leaves right: between
// such an instant and one of package time lies the error, as it does between two machines.
func Now() time.Time { return time.Now().Round(0).Add(offset()) }
