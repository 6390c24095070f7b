package cron_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/cron"
)

func TestRefused(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		expr, field, value, want string
	}{
		// The number of fields.
		{"", "expression", "", "six or seven fields"},
		{"   ", "expression", "", "it has 0"},
		{"@daily", "expression", "@DAILY", "six or seven fields"},
		{"*/5 * * * *", "expression", "*/5 * * * *", "it has five: put the second in front"},
		{"0 0 0 1 1 ? 2026 x", "expression", "0 0 0 1 1 ? 2026 X", "it has 8"},
		{"0 0 0 1 1 ? * *", "expression", "0 0 0 1 1 ? * *", "it has 8"},

		// The two day fields.
		{"0 0 0 * * *", "day of week", "*", `"0 0 0 * * ?"`},
		{"0 0 0 ? * ?", "day of week", "?", `"0 0 0 * * ?"`},
		{"0 0 0 * * MON", "day of month", "*", `"0 0 0 ? * MON"`},
		{"0 0 0 15 * * 2030", "day of week", "*", `"0 0 0 15 * ? 2030"`},
		{"0 0 0 15 * MON", "day of week", "MON", `"0 0 0 15 * ?" or "0 0 0 ? * MON"`},
		{"0 0 0 */2 * MON", "day of week", "MON", `"0 0 0 ? * MON"`},
		{"0 0 0 L * L", "day of week", "L", `"0 0 0 L * ?"`},

		// What each field holds.
		{"60 0 0 * * ?", "second", "60", "0 to 59"},
		{"-1 0 0 * * ?", "second", "-1", "0 to 59"},
		{"+1 0 0 * * ?", "second", "+1", "0 to 59"},
		{"0 60 0 * * ?", "minute", "60", "0 to 59"},
		{"0 0-60 0 * * ?", "minute", "0-60", "0 to 59"},
		{"0 0 24 * * ?", "hour", "24", "0 to 23"},
		{"0 0 0 0 * ?", "day of month", "0", "1 to 31"},
		{"0 0 0 32 * ?", "day of month", "32", "1 to 31"},
		{"0 0 0 1,15,99 * ?", "day of month", "1,15,99", `1 to 31, *, L, LW, L-n, L-nW, nW, a list, range or step, or ? alone instead of "99"`},
		{"0 0 0 1 0 ?", "month", "0", "1 to 12"},
		{"0 0 0 1 13 ?", "month", "13", "JAN to DEC"},
		{"0 0 0 1 JANUARY ?", "month", "JANUARY", "JAN to DEC"},
		{"0 0 0 ? * 0", "day of week", "0", "1 (SUN) to 7 (SAT)"},
		{"0 0 0 ? * 8", "day of week", "8", "1 (SUN) to 7 (SAT)"},
		{"0 0 0 ? * MONDAY", "day of week", "MONDAY", "SUN to SAT"},
		{"0 0 0 ? JAN JAN", "day of week", "JAN", "SUN to SAT"},
		{"0 0 0 1 1 ? 1969", "year", "1969", "1970 to 2199"},
		{"0 0 0 1 1 ? 2200", "year", "2200", "1970 to 2199"},
		{"0 0 0 1 1 ? 2030-2026", "year", "2030-2026", "the earlier year first"},
		{"99999999999999999999 0 0 * * ?", "second", "99999999999999999999", "0 to 59"},
		{"X 0 0 * * ?", "second", "X", "0 to 59"},
		{"? 0 0 * * ?", "second", "?", "0 to 59"},
		{"0 L 0 * * ?", "minute", "L", "0 to 59"},
		{"0 0 5W * * ?", "hour", "5W", "0 to 23"},
		{"0 0 0 1 6L ?", "month", "6L", "1 to 12"},
		{"0 0 0 1 1 ? ?", "year", "?", "1970 to 2199"},
		{"0 0 0 ? * ſun", "day of week", "ſUN", "SUN to SAT"},
		{"０ 0 0 * * ?", "second", "０", "0 to 59"},

		// Steps.
		{"0/0 0 0 * * ?", "second", "0/0", "a step of 1 to 59"},
		{"0/60 0 0 * * ?", "second", "0/60", "a step of 1 to 59"},
		{"0 */60 0 * * ?", "minute", "*/60", "a step of 1 to 59"},
		{"0 0 0/24 * * ?", "hour", "0/24", "a step of 1 to 23"},
		{"0 0 0 1/32 * ?", "day of month", "1/32", "a step of 1 to 31"},
		{"0 0 0 1 1/13 ?", "month", "1/13", "a step of 1 to 12"},
		{"0 0 0 ? * 1/8", "day of week", "1/8", "a step of 1 to 7"},
		{"0 0 0 1 1 ? 2026/230", "year", "2026/230", "a step of 1 to 229"},
		{"0 0-30/60 0 * * ?", "minute", "0-30/60", "a step of 1 to 59"},
		{"/ 0 0 * * ?", "second", "/", "a step of 1 to 59"},
		{"*/ 0 0 * * ?", "second", "*/", "a step of 1 to 59"},
		{"0/-5 0 0 * * ?", "second", "0/-5", "a step of 1 to 59"},
		{"0/5/5 0 0 * * ?", "second", "0/5/5", "a step of 1 to 59"},

		// Days of the month.
		{"0 0 0 0W * ?", "day of month", "0W", "W after a single day from 1 to 31"},
		{"0 0 0 32W * ?", "day of month", "32W", "W after a single day from 1 to 31"},
		{"0 0 0 W * ?", "day of month", "W", "W after a single day"},
		{"0 0 0 1-5W * ?", "day of month", "1-5W", "W after a single day"},
		{"0 0 0 15WX * ?", "day of month", "15WX", "1 to 31"},
		{"0 0 0 15W/2 * ?", "day of month", "15W/2", "1 to 31"},
		{"0 0 0 L-31 * ?", "day of month", "L-31", "n from 0 to 30"},
		{"0 0 0 L-31W * ?", "day of month", "L-31W", "n from 0 to 30"},
		{"0 0 0 L- * ?", "day of month", "L-", "n from 0 to 30"},
		{"0 0 0 L--3 * ?", "day of month", "L--3", "n from 0 to 30"},
		{"0 0 0 L3 * ?", "day of month", "L3", "n from 0 to 30"},
		{"0 0 0 LW-3 * ?", "day of month", "LW-3", "n from 0 to 30"},
		{"0 0 0 LWW * ?", "day of month", "LWW", "n from 0 to 30"},
		{"0 0 0 LL * ?", "day of month", "LL", "n from 0 to 30"},
		{"0 0 0 L/2 * ?", "day of month", "L/2", "n from 0 to 30"},
		{"0 0 0 5L * ?", "day of month", "5L", "1 to 31"},
		{"0 0 0 6#3 * ?", "day of month", "6#3", "1 to 31"},
		{"0 0 0 5C * ?", "day of month", "5C", "1 to 31"},
		{"0 0 0 MON * ?", "day of month", "MON", "1 to 31"},
		{"0 0 0 ?,5 * ?", "day of month", "?,5", `instead of "?"`},
		{"0 0 0 5? * ?", "day of month", "5?", "1 to 31"},

		// Days of the week.
		{"0 0 0 ? * 1#0", "day of week", "1#0", "k from 1 to 5"},
		{"0 0 0 ? * 1#6", "day of week", "1#6", "k from 1 to 5"},
		{"0 0 0 ? * 0#1", "day of week", "0#1", "k from 1 to 5"},
		{"0 0 0 ? * 8#1", "day of week", "8#1", "k from 1 to 5"},
		{"0 0 0 ? * #1", "day of week", "#1", "k from 1 to 5"},
		{"0 0 0 ? * 6#", "day of week", "6#", "k from 1 to 5"},
		{"0 0 0 ? * 6#3#1", "day of week", "6#3#1", "k from 1 to 5"},
		{"0 0 0 ? * 6#3L", "day of week", "6#3L", "k from 1 to 5"},
		{"0 0 0 ? * L#1", "day of week", "L#1", "k from 1 to 5"},
		{"0 0 0 ? * 2-6#1", "day of week", "2-6#1", "k from 1 to 5"},
		{"0 0 0 ? * 0L", "day of week", "0L", "L after a single day"},
		{"0 0 0 ? * 8L", "day of week", "8L", "L after a single day"},
		{"0 0 0 ? * MON-FRIL", "day of week", "MON-FRIL", "L after a single day"},
		{"0 0 0 ? * LW", "day of week", "LW", "1 (SUN) to 7 (SAT)"},
		{"0 0 0 ? * L-3", "day of week", "L-3", "1 (SUN) to 7 (SAT)"},
		{"0 0 0 ? * MON-", "day of week", "MON-", "1 (SUN) to 7 (SAT)"},
		{"0 0 0 ? * MON-WED-FRI", "day of week", "MON-WED-FRI", "1 (SUN) to 7 (SAT)"},
		{"0 0 0 ? * 2X", "day of week", "2X", "1 (SUN) to 7 (SAT)"},

		// Anything left over in a list.
		{"0,, 0 0 * * ?", "second", "0,,", `instead of ""`},
		{",0 0 0 * * ?", "second", ",0", `instead of ""`},
		{"0 0 0 1, * ?", "day of month", "1,", `instead of ""`},
		{"** 0 0 * * ?", "second", "**", "0 to 59"},
		{"*5 0 0 * * ?", "second", "*5", "0 to 59"},
		{"*-5 0 0 * * ?", "second", "*-5", "0 to 59"},
		{"5-* 0 0 * * ?", "second", "5-*", "0 to 59"},
		{"- 0 0 * * ?", "second", "-", "0 to 59"},
		{"0 0 0 \xff * ?", "day of month", "\uFFFD", "1 to 31"},
		{"0 0 0 1\x00 * ?", "day of month", "1\x00", "1 to 31"},
	} {
		e, err := cron.Parse(row.expr)
		require.Nil(t, e, row.expr)
		var refusal *cron.Error
		require.ErrorAs(t, err, &refusal, row.expr)
		require.Equal(t, row.field, refusal.Field, row.expr)
		require.Equal(t, row.value, refusal.Value, row.expr)
		require.Contains(t, refusal.Want, row.want, row.expr)
	}
}

func TestErrorSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	_, err := cron.Parse("0 0 12 ? * 0")
	require.EqualError(t, err, `day of week is "0", want 1 (SUN) to 7 (SAT), SUN to SAT, *, L, nL, n#k, a list, range or step, or ? alone`)
	_, err = cron.Parse("0 0 12 * * MON")
	require.EqualError(t, err, `day of month is "*", want ?: write "0 0 12 ? * MON" (exactly one of the two day fields is ?)`)
	_, err = cron.Parse("0 61 25 * * ?")
	require.ErrorContains(t, err, "minute", "the first wrong field is told")
}

func TestLength(t *testing.T) {
	t.Parallel()
	expr := "0 0 0 * * ?"
	_, err := cron.Parse(expr + strings.Repeat(" ", cron.MaxLength-len(expr)))
	require.NoError(t, err)

	_, err = cron.Parse(expr + strings.Repeat(" ", cron.MaxLength-len(expr)+1))
	require.EqualError(t, err, `expression is "0 0 0 * * ?                             …", want at most 1000 characters, not 1001`)
	_, err = cron.Parse(strings.Repeat("时", 1<<20))
	require.ErrorContains(t, err, "at most 1000 characters")
}
