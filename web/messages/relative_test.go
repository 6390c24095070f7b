package messages

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRelative(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for _, row := range []struct {
		d                time.Duration
		english, chinese string
	}{
		{0, "now", "现在"},
		{999 * time.Millisecond, "now", "现在"},
		{-time.Second, "1 second ago", "1秒钟前"},
		{90 * time.Second, "in 1 minute", "1分钟后"},
		{-2 * time.Minute, "2 minutes ago", "2分钟前"},
		{3*time.Hour + 59*time.Minute, "in 3 hours", "3小时后"},
		{-47 * time.Hour, "1 day ago", "1天前"},
		{-70 * 24 * time.Hour, "2 months ago", "2个月前"},
		{800 * 24 * time.Hour, "in 2 years", "2年后"},
	} {
		require.Equal(t, row.english, Relative(English, now.Add(row.d), now))
		require.Equal(t, row.chinese, Relative(Chinese, now.Add(row.d), now))
	}
}

func TestLength(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "0 ms", 350 * time.Microsecond: "0 ms", 350 * time.Millisecond: "350 ms", 1560 * time.Millisecond: "1.5 s",
		59 * time.Second: "59 s", 2 * time.Minute: "2 min", 125 * time.Second: "2 min 5 s", 25 * time.Hour: "1 d 1 h", -time.Hour: "1 h",
		3*time.Hour + 30*time.Minute: "3 h 30 min",
	} {
		require.Equal(t, want, Length(d))
	}
}
