package cron_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"
)

// drawn is a random expression whose meaning is known without parsing it: each field came with a
// predicate, written down from the definition of the form it has.
type drawn struct {
	text                 string
	second, minute, hour func(v int) bool
	day                  func(date time.Time) bool
	fixed                bool
}

// matches tells whether a wall time, given as if it were UTC, is named by the expression.
func (d *drawn) matches(wall time.Time) bool {
	return d.second(wall.Second()) && d.minute(wall.Minute()) && d.hour(wall.Hour()) && d.day(wall)
}

// form is one item of a field: its text and which values, or dates, it names.
type form[V any] struct {
	text  string
	names func(v V) bool
}

// list joins one to three items.
func list[V any](t *rapid.T, label string, item func(t *rapid.T) form[V]) form[V] {
	items := rapid.SliceOfN(rapid.Custom(item), 1, 3).Draw(t, label)
	var texts []string
	for _, it := range items {
		texts = append(texts, it.text)
	}
	return form[V]{strings.Join(texts, ","), func(v V) bool {
		return slices.ContainsFunc(items, func(it form[V]) bool { return it.names(v) })
	}}
}

// span draws one value, range or step of a field from low to high, with names for some of its values.
func span(low, high int, names ...string) func(t *rapid.T) form[int] {
	return func(t *rapid.T) form[int] {
		value := rapid.IntRange(low, high)
		write := func(v int) string {
			if len(names) > 0 && rapid.Bool().Draw(t, "by name") {
				return names[v-low]
			}
			return fmt.Sprint(v)
		}
		step := rapid.IntRange(1, min(high-low, 30)).Draw(t, "step")
		a, b := value.Draw(t, "a"), value.Draw(t, "b")
		if high > 100 && b < a {
			a, b = b, a
		}
		size := high - low + 1
		length := (b - a + size) % size // of the range from a to b, which may wrap
		switch rapid.IntRange(0, 5).Draw(t, "form") {
		case 0:
			return form[int]{"*", func(int) bool { return true }}
		case 1:
			return form[int]{fmt.Sprintf("*/%d", step), func(v int) bool { return (v-low)%step == 0 }}
		case 2:
			return form[int]{fmt.Sprintf("%s/%d", write(a), step), func(v int) bool { return v >= a && (v-a)%step == 0 }}
		case 3:
			return form[int]{write(a) + "-" + write(b), func(v int) bool { return (v-a+size)%size <= length }}
		case 4:
			return form[int]{fmt.Sprintf("%s-%s/%d", write(a), write(b), step), func(v int) bool {
				return (v-a+size)%size <= length && (v-a+size)%size%step == 0
			}}
		default:
			return form[int]{write(a), func(v int) bool { return v == a }}
		}
	}
}

// plain draws one bare value.
func plain(low, high int) func(t *rapid.T) form[int] {
	return func(t *rapid.T) form[int] {
		a := rapid.IntRange(low, high).Draw(t, "value")
		return form[int]{fmt.Sprint(a), func(v int) bool { return v == a }}
	}
}

func lastOf(date time.Time) int {
	day := 31
	for time.Date(date.Year(), date.Month(), day, 0, 0, 0, 0, time.UTC).Month() != date.Month() {
		day--
	}
	return day
}

// nearestTo is the definition of W: of the month's weekdays the one nearest to the day. Two are equally
// near only to a day that is a weekday itself.
func nearestTo(date time.Time, day int) int {
	best := 0
	for d := 1; d <= lastOf(date); d++ {
		weekday := time.Date(date.Year(), date.Month(), d, 0, 0, 0, 0, time.UTC).Weekday()
		if weekday == time.Saturday || weekday == time.Sunday {
			continue
		}
		if best == 0 || max(d-day, day-d) < max(best-day, day-best) {
			best = d
		}
	}
	return best
}

func monthDay(t *rapid.T) form[time.Time] {
	n := rapid.IntRange(1, 31).Draw(t, "n")
	switch rapid.IntRange(0, 6).Draw(t, "day form") {
	case 0:
		return form[time.Time]{"L", func(d time.Time) bool { return d.Day() == lastOf(d) }}
	case 1:
		return form[time.Time]{"LW", func(d time.Time) bool { return d.Day() == nearestTo(d, lastOf(d)) }}
	case 2:
		return form[time.Time]{fmt.Sprintf("L-%d", n-1), func(d time.Time) bool { return d.Day() == lastOf(d)-(n-1) }}
	case 3:
		return form[time.Time]{fmt.Sprintf("L-%dW", n-1), func(d time.Time) bool {
			day := lastOf(d) - (n - 1)
			return day >= 1 && d.Day() == nearestTo(d, day)
		}}
	case 4:
		return form[time.Time]{fmt.Sprintf("%dW", n), func(d time.Time) bool { return d.Day() == nearestTo(d, min(n, lastOf(d))) }}
	default:
		days := span(1, 31)(t)
		return form[time.Time]{days.text, func(d time.Time) bool { return days.names(d.Day()) }}
	}
}

func weekday(t *rapid.T) form[time.Time] {
	w := rapid.IntRange(1, 7).Draw(t, "w")
	k := rapid.IntRange(1, 5).Draw(t, "k")
	name := fmt.Sprint(w)
	if rapid.Bool().Draw(t, "by name") {
		name = strings.ToUpper(time.Weekday(w - 1).String()[:3])
	}
	is := func(d time.Time) bool { return int(d.Weekday())+1 == w }
	switch rapid.IntRange(0, 5).Draw(t, "weekday form") {
	case 0:
		return form[time.Time]{"L", func(d time.Time) bool { return d.Weekday() == time.Saturday }}
	case 1:
		return form[time.Time]{name + "L", func(d time.Time) bool { return is(d) && d.AddDate(0, 0, 7).Month() != d.Month() }}
	case 2:
		return form[time.Time]{fmt.Sprintf("%s#%d", name, k), func(d time.Time) bool { return is(d) && (d.Day()+6)/7 == k }}
	default:
		days := span(1, 7, "SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")(t)
		return form[time.Time]{days.text, func(d time.Time) bool { return days.names(int(d.Weekday()) + 1) }}
	}
}

// days draws the four day fields and joins what they say.
func days(t *rapid.T) (day, month, week, year string, names func(date time.Time) bool) {
	months := list(t, "months", span(1, 12, "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"))
	years := form[int]{"", func(int) bool { return true }}
	if rapid.Bool().Draw(t, "with a year") {
		years = list(t, "years", span(1970, 2199))
	}
	day, week = "?", "?"
	var of form[time.Time]
	if rapid.Bool().Draw(t, "by weekday") {
		of = list(t, "weekdays", weekday)
		week = of.text
	} else {
		of = list(t, "days of the month", monthDay)
		day = of.text
	}
	return day, months.text, week, years.text, func(d time.Time) bool {
		return months.names(int(d.Month())) && years.names(d.Year()) && of.names(d)
	}
}

// times draws the three time fields: one kind in two is free of *, / and -.
func times(t *rapid.T) drawn {
	minuteOf, hourOf := span(0, 59), span(0, 23)
	fixed := rapid.Bool().Draw(t, "fixed")
	if fixed {
		minuteOf, hourOf = plain(0, 59), plain(0, 4)
	}
	seconds, minutes, hours := list(t, "seconds", plain(0, 59)), list(t, "minutes", minuteOf), list(t, "hours", hourOf)
	text := seconds.text + " " + minutes.text + " " + hours.text
	return drawn{text: text, second: seconds.names, minute: minutes.names, hour: hours.names,
		fixed: !strings.ContainsAny(text, "*/-")}
}
