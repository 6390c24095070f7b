package messages

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/carillonhq/carillon/cron"
)

func TestCronWords(t *testing.T) {
	t.Parallel()
	for expr, want := range map[string][2]string{
		"0 0 3 * * ?":             {"at 03:00, every day", "每天，03:00"},
		"0 0 3,15 * * ?":          {"at 03:00 and 15:00, every day", "每天，03:00、15:00"},
		"30 0 3 * * ?":            {"at 03:00:30, every day", "每天，03:00:30"},
		"* * * * * ?":             {"every second", "每秒"},
		"0/5 * * * * ?":           {"every 5 seconds", "每 5 秒"},
		"*/7 * * * * ?":           {"every 7 seconds, anew in each minute", "每 7 秒（每分钟重新计）"},
		"10/20 * * * * ?":         {"every 20 seconds from second 10 on", "从第 10 秒起，每 20 秒"},
		"0 * * * * ?":             {"every minute", "每分钟"},
		"0 0/15 * * * ?":          {"every 15 minutes", "每 15 分钟"},
		"0 0/15 9-17 ? * MON-FRI": {"every 15 minutes, in the hours 09 to 17, on Monday to Friday", "周一至周五，9 至 17 时，每 15 分钟"},
		"0 0 * * * ?":             {"every hour", "每小时"},
		"0 0 0/2 * * ?":           {"every 2 hours", "每 2 小时"},
		"0 5 * * * ?":             {"at minute 5, of every hour", "每小时第 5 分"},
		"0 5,35 0/2 * * ?":        {"at minute 5 and minute 35, in every 2nd hour from 00 on", "从 0 时起每 2 小时，每小时第 5 分、35 分"},
		"15 * * * * ?":            {"at second 15, of every minute", "每分钟第 15 秒"},
		"0 0 8 1 * ?":             {"at 08:00, on day 1 of the month", "每月 1 日，08:00"},
		"0 0 8 1,15 * ?":          {"at 08:00, on day 1 and day 15 of the month", "每月 1 日、15 日，08:00"},
		"0 0 8 L * ?":             {"at 08:00, on the last day of the month", "每月最后一天，08:00"},
		"0 0 8 L-2 * ?":           {"at 08:00, on the 2nd day before the last day of the month", "每月倒数第 3 天，08:00"},
		"0 0 8 LW * ?":            {"at 08:00, on the last weekday of the month", "每月最后一个工作日（周一至周五），08:00"},
		"0 0 8 15W * ?":           {"at 08:00, on the weekday nearest to day 15", "每月离 15 日最近的工作日（周一至周五），08:00"},
		"0 0 8 ? * FRI#3":         {"at 08:00, on the third Friday of the month", "每月第 3 个周五，08:00"},
		"0 0 8 ? * FRIL":          {"at 08:00, on the last Friday of the month", "每月最后一个周五，08:00"},
		"0 0 8 1 1,7 ?":           {"at 08:00, on day 1 of the month, in January and July", "1 月、7 月的 1 日，08:00"},
		"0 0 8 * 3-5 ? 2027":      {"at 08:00, every day, in March to May, in 2027", "2027 年，3 至 5 月，每天，08:00"},
	} {
		e, err := cron.Parse(expr)
		require.NoError(t, err, expr)
		require.Equal(t, want[0], CronWords(English, e), expr)
		require.Equal(t, want[1], CronWords(Chinese, e), expr)
	}
}

// Whatever is made of the forms that fields may have has words.
func TestEveryExpressionHasWords(t *testing.T) {
	t.Parallel()
	field := func(r *rapid.T, low, high int, special ...string) string {
		n := rapid.IntRange(low, high)
		var items []string
		for range rapid.IntRange(1, 3).Draw(r, "items") {
			a, b, step := n.Draw(r, "a"), n.Draw(r, "b"), rapid.IntRange(1, min(high-low, 7)).Draw(r, "step")
			forms := append([]string{"*", fmt.Sprint(a), fmt.Sprintf("%d-%d", min(a, b), max(a, b)), fmt.Sprintf("%d/%d", a, step),
				fmt.Sprintf("*/%d", step), fmt.Sprintf("%d-%d/%d", min(a, b), max(a, b), step)}, special...)
			items = append(items, rapid.SampledFrom(forms).Draw(r, "form"))
		}
		return strings.Join(items, ",")
	}
	rapid.Check(t, func(r *rapid.T) {
		day, weekday := field(r, 1, 31, "L", "LW", "L-3", "L-1W", "15W"), "?"
		if rapid.Bool().Draw(r, "by weekday") {
			day, weekday = "?", field(r, 1, 7, "L", "6L", "FRI#2")
		}
		text := strings.Join([]string{field(r, 0, 59), field(r, 0, 59), field(r, 0, 23), day, field(r, 1, 12), weekday, field(r, 1970, 2199)}, " ")
		e, err := cron.Parse(text)
		if err != nil {
			return // such as * in a field of days beside ?
		}
		for _, lang := range []Language{English, Chinese} {
			words := CronWords(lang, e)
			require.NotEmpty(r, words, text)
			require.NotContains(r, words, "%!", text)
		}
		require.NotRegexp(r, "[A-Za-z]", CronWords(Chinese, e), text)
	})
}

// Whatever Parse takes has words, in both languages, without a gap in them.
func FuzzCronWords(f *testing.F) {
	for _, seed := range []string{
		"0 0/15 2 * * ?", "*/5 22-2 0 L-3W,15W,LW NOV-FEB ? 2026/2", "0 0 0 ? * FRI#3,6L,L", "* * * 31W 2 ? 2199", "/7 1,*,3/2 5-1/2 1-31/3 * ?",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, expr string) {
		e, err := cron.Parse(expr)
		if err != nil {
			return
		}
		for _, lang := range []Language{English, Chinese} {
			words := CronWords(lang, e)
			require.NotEmpty(t, words)
			require.NotContains(t, words, "%!")
			require.Equal(t, strings.TrimSpace(words), words)
		}
	})
}
