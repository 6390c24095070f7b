package callback

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/carillonhq/carillon/core"
)

// timeoutHeader is ScheduleMaster's way to give a task its timeout, in seconds. It is not sent on.
const timeoutHeader = "Sm-Timeout"

// chooseTimeout is the limit of the whole call: the callback's own, else its sm-timeout header, else the default.
func (a *attempt) chooseTimeout() time.Duration {
	cb := &a.call.Callback
	if cb.Timeout > 0 {
		return cb.Timeout
	}
	for _, h := range cb.Headers {
		if http.CanonicalHeaderKey(h.Name) != timeoutHeader {
			continue
		}
		if d, ok := parseSeconds(h.Value); ok {
			return d
		}
		a.log("warn", "the header sm-timeout is ignored: its value is not a number of seconds")
	}
	if a.call.DefaultTimeout > 0 {
		return a.call.DefaultTimeout
	}
	return core.DefaultRequestTTL
}

// parseSeconds reads whole or decimal seconds above 0, at most core.MaxTimeout.
func parseSeconds(s string) (time.Duration, bool) {
	s = strings.TrimSpace(s)
	if strings.Trim(s, "0123456789.") != "" {
		return 0, false // ParseFloat would take exponents, signs, hexadecimals and infinity
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, false
	}
	d := time.Duration(min(f, core.MaxTimeout.Seconds()) * float64(time.Second))
	return d, d > 0
}

// retryAfter reads a Retry-After header: seconds or a date (RFC 9110, section 10.2.3). It is 0 when there is none that
// can be read, and at most core.MaxRetryDelay.
func retryAfter(value string, now time.Time) time.Duration {
	if value == "" {
		return 0
	}
	if seconds, err := strconv.ParseUint(value, 10, 32); err == nil {
		return min(time.Duration(seconds)*time.Second, core.MaxRetryDelay)
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), core.MaxRetryDelay)
}
