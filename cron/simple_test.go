package cron_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/carillonhq/carillon/cron"
)

const hour = 3600

func TestSimpleBothWays(t *testing.T) {
	t.Parallel()
	at := []int{3 * hour}
	for expr, s := range map[string]cron.Simple{
		"* * * * * ?":        {Rhythm: cron.EverySeconds, Step: 1},
		"5/10 * * * * ?":     {Rhythm: cron.EverySeconds, Step: 10, From: 5},
		"0 0/15 * * * ?":     {Rhythm: cron.EveryMinutes, Step: 15},
		"0 20 0/2 * * ?":     {Rhythm: cron.EveryHours, Step: 2, Minute: 20},
		"0 0 3 * * ?":        {Rhythm: cron.Daily, Times: at},
		"0 0,30 3,4 * * ?":   {Rhythm: cron.Daily, Times: []int{3 * hour, 3*hour + 1800, 4 * hour, 4*hour + 1800}},
		"0 0 3 ? * MON,FRI":  {Rhythm: cron.Weekly, Times: at, Weekdays: []int{2, 6}},
		"0 0 3 1,15 * ?":     {Rhythm: cron.Monthly, Times: at, On: cron.OnDays, Days: []int{1, 15}},
		"0 0 3 L * ?":        {Rhythm: cron.Monthly, Times: at, On: cron.OnLast},
		"0 0 3 LW * ?":       {Rhythm: cron.Monthly, Times: at, On: cron.OnLastWorking},
		"0 0 3 15W * ?":      {Rhythm: cron.Monthly, Times: at, On: cron.OnNearest, Day: 15},
		"0 0 3 ? * FRI#3":    {Rhythm: cron.Monthly, Times: at, On: cron.OnNth, Weekday: 6, Nth: 3},
		"0 0 3 ? * FRIL":     {Rhythm: cron.Monthly, Times: at, On: cron.OnNth, Weekday: 6},
		"0 0 3 1 1,7 ?":      {Rhythm: cron.Yearly, Times: at, On: cron.OnDays, Days: []int{1}, Months: []int{1, 7}},
		"0 0 3 ? 11 THU#4":   {Rhythm: cron.Yearly, Times: at, On: cron.OnNth, Weekday: 5, Nth: 4, Months: []int{11}},
		"15 30 23 ? * SUN":   {Rhythm: cron.Weekly, Times: []int{23*hour + 1815}, Weekdays: []int{1}},
		"0 59 23 29 2 ?":     {Rhythm: cron.Yearly, Times: []int{23*hour + 59*60}, On: cron.OnDays, Days: []int{29}, Months: []int{2}},
		"0 0 0 31W 12 ?":     {Rhythm: cron.Yearly, Times: []int{0}, On: cron.OnNearest, Day: 31, Months: []int{12}},
		"0/59 * * * * ?":     {Rhythm: cron.EverySeconds, Step: 59},
		"0 0 * * * ?":        {Rhythm: cron.EveryHours, Step: 1},
		"0 0 1/6 * * ?":      {Rhythm: cron.EveryHours, Step: 6, From: 1},
		"0 0 3,9,12 L 6,9 ?": {Rhythm: cron.Yearly, Times: []int{3 * hour, 9 * hour, 12 * hour}, On: cron.OnLast, Months: []int{6, 9}},
	} {
		written, err := s.Expression()
		require.NoError(t, err, expr)
		require.Equal(t, expr, written)
		read, ok := parse(t, expr).Simple()
		require.True(t, ok, expr)
		require.Equal(t, s, read, expr)
	}
}

func TestSimpleRefuses(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]cron.Simple{
		"nothing":      {},
		"no step":      {Rhythm: cron.EveryMinutes},
		"a large step": {Rhythm: cron.EverySeconds, Step: 60},
		"no time":      {Rhythm: cron.Daily},
		"no weekday":   {Rhythm: cron.Weekly, Times: []int{0}},
		"weekday 8":    {Rhythm: cron.Weekly, Times: []int{0}, Weekdays: []int{8}},
		"no day rule":  {Rhythm: cron.Monthly, Times: []int{0}},
		"day 32":       {Rhythm: cron.Monthly, Times: []int{0}, On: cron.OnDays, Days: []int{32}},
		"day 0W":       {Rhythm: cron.Monthly, Times: []int{0}, On: cron.OnNearest},
		"6th Friday":   {Rhythm: cron.Monthly, Times: []int{0}, On: cron.OnNth, Weekday: 6, Nth: 6},
		"no months":    {Rhythm: cron.Yearly, Times: []int{0}, On: cron.OnLast},
	} {
		_, err := s.Expression()
		require.ErrorIs(t, err, cron.ErrChoice, name)
	}
	_, err := cron.Simple{Rhythm: cron.Daily, Times: []int{3 * hour, 4*hour + 1800}}.Expression()
	require.ErrorIs(t, err, cron.ErrTimes)
	for _, expr := range []string{
		"0 0 3-5 * * ?", "0 0 3 ? 6 MON", "0 0 3 L-1 * ?", "0 0/5 9-17 * * ?", "0 0 3 1,L * ?", "0 0 3 * * ? 2027", "0 0 3 ? * MON#1,FRI", "0 0-20/5 * * * ?",
		"0,1,2,3,4,5,6,7,8,9,10,11,12 0 0 * * ?",
	} {
		_, ok := parse(t, expr).Simple()
		require.False(t, ok, expr)
	}
}

// What is read as simple and written again is due at the same instants, through changes of the clock too.
func TestSimpleMeansTheSame(t *testing.T) {
	t.Parallel()
	berlin := zone(t, "Europe/Berlin")
	rapid.Check(t, func(t *rapid.T) {
		expr := times(t)
		day, month, week, year, _ := days(t)
		text := strings.Join([]string{expr.text, day, month, week, year}, " ")
		if rapid.Bool().Draw(t, "every day") {
			text = expr.text + " * * ?"
		}
		e := parse(t, text)
		s, ok := e.Simple()
		if !ok {
			return
		}
		written, err := s.Expression()
		require.NoError(t, err, text)
		again := parse(t, written)
		at := time.Date(2026, 3, 29, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 5400).Draw(t, "h")) * time.Hour)
		for range 40 {
			want, okWant := e.Next(at, berlin)
			got, okGot := again.Next(at, berlin)
			require.Equal(t, okWant, okGot, "%s, %s", text, written)
			require.Equal(t, want, got, "%s, %s", text, written)
			at = want
			if !okWant {
				break
			}
		}
	})
}

func TestNames(t *testing.T) {
	t.Parallel()
	e := parse(t, "0 30 2 * * ?")
	berlin := zone(t, "Europe/Berlin")
	require.True(t, e.Names(time.Date(2026, 3, 28, 2, 30, 0, 0, berlin)))
	due, ok := e.Next(time.Date(2026, 3, 29, 0, 0, 0, 0, berlin), berlin)
	require.True(t, ok)
	require.False(t, e.Names(due), "02:30 is left out on that day, and due at 03:30")
}
