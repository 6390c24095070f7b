package messages

import (
	"fmt"
	"time"
)

// span is a unit that lengths of time are told in.
type span struct {
	length           time.Duration
	english, chinese string
}

// spans are the units, the longest first. A month is 30 days and a year 365: what is told so roughly is no date.
var spans = []span{
	{365 * 24 * time.Hour, "year", "年"},
	{30 * 24 * time.Hour, "month", "个月"},
	{24 * time.Hour, "day", "天"},
	{time.Hour, "hour", "小时"},
	{time.Minute, "minute", "分钟"},
	{time.Second, "second", "秒钟"},
}

// Relative says how long before or after now an instant is, in the longest unit that fits and as browsers say it too: "2
// minutes ago", "in 3 hours", "2分钟前".
func Relative(lang Language, at, now time.Time) string {
	d := at.Sub(now)
	for _, s := range spans {
		n := int64(d.Abs() / s.length)
		switch {
		case n == 0:
			continue
		case lang == Chinese && d < 0:
			return fmt.Sprintf("%d%s前", n, s.chinese)
		case lang == Chinese:
			return fmt.Sprintf("%d%s后", n, s.chinese)
		}
		word := s.english
		if n > 1 {
			word += "s"
		}
		if d < 0 {
			return fmt.Sprintf("%d %s ago", n, word)
		}
		return fmt.Sprintf("in %d %s", n, word)
	}
	if lang == Chinese {
		return "现在"
	}
	return "now"
}

// Length says a length of time in at most two units: "350 ms", "1.5 s", "2 min 5 s", "3 d 4 h". The units are those that
// both languages write.
func Length(d time.Duration) string {
	d = d.Abs()
	switch {
	case d < time.Millisecond:
		return "0 ms"
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Truncate(100*time.Millisecond).Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < time.Hour:
		return two(d, time.Minute, "min", time.Second, "s")
	case d < 24*time.Hour:
		return two(d, time.Hour, "h", time.Minute, "min")
	}
	return two(d, 24*time.Hour, "d", time.Hour, "h")
}

func two(d, long time.Duration, longName string, short time.Duration, shortName string) string {
	text := fmt.Sprintf("%d %s", d/long, longName)
	if rest := d % long / short; rest > 0 {
		text += fmt.Sprintf(" %d %s", rest, shortName)
	}
	return text
}
