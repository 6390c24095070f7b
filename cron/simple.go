package cron

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Rhythm is what a simple expression repeats by.
type Rhythm string

// The rhythms.
const (
	EverySeconds Rhythm = "seconds"
	EveryMinutes Rhythm = "minutes"
	EveryHours   Rhythm = "hours"
	Daily        Rhythm = "day"
	Weekly       Rhythm = "week"
	Monthly      Rhythm = "month"
	Yearly       Rhythm = "year"
)

// DayRule is how a month's day is named.
type DayRule string

// The ways to name the day of a month.
const (
	OnDays        DayRule = "day"          // days by their numbers
	OnLast        DayRule = "last"         // the last day
	OnLastWorking DayRule = "last_weekday" // the last day from Monday to Friday
	OnNearest     DayRule = "nearest"      // the day from Monday to Friday that is nearest to a day
	OnNth         DayRule = "nth"          // a day of the week by how many before it there are
)

// Simple is an expression that people choose rather than write: at the usual times, on the usual days.
type Simple struct {
	Rhythm Rhythm
	// Step is how many seconds, minutes or hours lie between, counted from From in each minute, hour or day. Minute is the
	// minute of the hour under EveryHours.
	Step, From, Minute int
	// Times are times of day, in seconds from midnight, under Daily and what is longer.
	Times []int
	// Weekdays are days of the week under Weekly, from 1 = Sunday.
	Weekdays []int
	// On names the day under Monthly and Yearly: Days by OnDays, Day by OnNearest, Weekday and Nth by OnNth, where an Nth of
	// 0 is the last.
	On                DayRule
	Days              []int
	Day, Weekday, Nth int
	// Months are those of Yearly.
	Months []int
}

// maxTimes is how many times of day a simple expression names at most.
const maxTimes = 12

// ErrTimes says that one expression cannot name some times of day: each hour has the same minutes in it, and each minute
// the same seconds.
var ErrTimes = errors.New("one expression cannot name these times of day: it has the same minutes in every hour, and the same seconds in every minute")

// ErrChoice says that something is not chosen, or is out of range.
var ErrChoice = errors.New("something is not chosen, or out of range")

// Expression writes what was chosen as an expression. The error is ErrTimes or ErrChoice.
func (s Simple) Expression() (string, error) {
	text, err := s.write()
	if err != nil {
		return "", err
	}
	if _, err := Parse(text); err != nil {
		return "", ErrChoice
	}
	return text, nil
}

func (s Simple) write() (string, error) {
	every := func(from, step int) string {
		if from == 0 && step == 1 {
			return "*"
		}
		return fmt.Sprintf("%d/%d", from, step)
	}
	switch s.Rhythm {
	case EverySeconds:
		return every(s.From, s.Step) + " * * * * ?", nil
	case EveryMinutes:
		return "0 " + every(s.From, s.Step) + " * * * ?", nil
	case EveryHours:
		return fmt.Sprintf("0 %d %s * * ?", s.Minute, every(s.From, s.Step)), nil
	}
	clock, err := clockOf(s.Times)
	if err != nil {
		return "", err
	}
	switch s.Rhythm {
	case Daily:
		return clock + " * * ?", nil
	case Weekly:
		var names []string
		for _, w := range sorted(s.Weekdays) {
			if w < 1 || w > 7 {
				return "", ErrChoice
			}
			names = append(names, weekdayField.names[w-1])
		}
		return clock + " ? * " + strings.Join(names, ","), nil
	case Monthly, Yearly:
		months := "*"
		if s.Rhythm == Yearly {
			months = joined(s.Months)
		}
		day, weekday := s.day()
		return clock + " " + day + " " + months + " " + weekday, nil
	}
	return "", ErrChoice
}

// day writes the two day fields.
func (s Simple) day() (day, weekday string) {
	switch s.On {
	case OnDays:
		return joined(s.Days), "?"
	case OnLast:
		return "L", "?"
	case OnLastWorking:
		return "LW", "?"
	case OnNearest:
		return strconv.Itoa(s.Day) + "W", "?"
	case OnNth:
		name := "0" // which is refused
		if s.Weekday >= 1 && s.Weekday <= 7 {
			name = weekdayField.names[s.Weekday-1]
		}
		if s.Nth == 0 {
			return "?", name + "L"
		}
		return "?", fmt.Sprintf("%s#%d", name, s.Nth)
	}
	return "", ""
}

// clockOf writes the fields of second, minute and hour that name times of day and no others.
func clockOf(times []int) (string, error) {
	if len(times) == 0 || len(times) > maxTimes {
		return "", ErrChoice
	}
	var seconds, minutes, hours []int
	for _, t := range times {
		seconds, minutes, hours = append(seconds, t%60), append(minutes, t/60%60), append(hours, t/3600)
	}
	seconds, minutes, hours = sorted(seconds), sorted(minutes), sorted(hours)
	if len(seconds)*len(minutes)*len(hours) != len(sorted(times)) {
		return "", ErrTimes
	}
	return joined(seconds) + " " + joined(minutes) + " " + joined(hours), nil
}

func sorted(list []int) []int { return slices.Compact(slices.Sorted(slices.Values(list))) }

func joined(list []int) string {
	var texts []string
	for _, n := range sorted(list) {
		texts = append(texts, strconv.Itoa(n))
	}
	return strings.Join(texts, ",")
}

// Simple reads the expression as one that can be chosen; ok is false when it is none.
func (e *Expression) Simple() (s Simple, ok bool) {
	o := e.Outline()
	for _, year := range o.Years {
		if !year.All {
			return s, false
		}
	}
	everyDay := all(o.MonthDays) && all(o.Months)
	switch {
	case everyDay && all(o.Hours) && all(o.Minutes) && rhythm(o.Seconds, &s):
		s.Rhythm = EverySeconds
		return s, true
	case everyDay && all(o.Hours) && is(o.Seconds, 0) && rhythm(o.Minutes, &s):
		s.Rhythm = EveryMinutes
		return s, true
	case everyDay && is(o.Seconds, 0) && single(o.Minutes) && rhythm(o.Hours, &s):
		s.Rhythm, s.Minute = EveryHours, o.Minutes[0].From
		return s, true
	}
	if s.Times, ok = o.Times(); !ok {
		return s, false
	}
	switch {
	case everyDay:
		s.Rhythm = Daily
		return s, true
	case all(o.Months) && plain(o.Weekdays):
		s.Rhythm, s.Weekdays = Weekly, weekdayField.values(o.Weekdays)
		return s, true
	case all(o.Months):
		s.Rhythm = Monthly
	case plain(o.Months):
		s.Rhythm, s.Months = Yearly, monthField.values(o.Months)
	default:
		return s, false
	}
	ok = s.readDay(o)
	return s, ok
}

// readDay reads how the day of a month is named.
func (s *Simple) readDay(o Outline) bool {
	if len(o.Weekdays) == 1 {
		switch item := o.Weekdays[0]; item.Form {
		case LastWeekday:
			s.On, s.Weekday = OnNth, item.From
			return true
		case NthWeekday:
			s.On, s.Weekday, s.Nth = OnNth, item.From, item.Step
			return true
		}
	}
	if plain(o.MonthDays) && !all(o.MonthDays) {
		s.On, s.Days = OnDays, dayField.values(o.MonthDays)
		return true
	}
	if len(o.MonthDays) != 1 {
		return false
	}
	switch item := o.MonthDays[0]; {
	case item.Form == Last && item.From == 0:
		s.On = OnLast
	case item.Form == LastNearest && item.From == 0:
		s.On = OnLastWorking
	case item.Form == Nearest:
		s.On, s.Day = OnNearest, item.From
	default:
		return false
	}
	return true
}

// Times gives the times of day that an expression names, in seconds from midnight, when each is written out and they are
// few. A range would name the same times, and mean a rhythm when the clock is put back.
func (o Outline) Times() ([]int, bool) {
	for _, items := range [][]Item{o.Seconds, o.Minutes, o.Hours} {
		if slices.ContainsFunc(items, func(i Item) bool { return !i.Single() }) {
			return nil, false
		}
	}
	seconds, minutes, hours := secondField.values(o.Seconds), minuteField.values(o.Minutes), hourField.values(o.Hours)
	if len(seconds)*len(minutes)*len(hours) > maxTimes {
		return nil, false
	}
	var times []int
	for _, h := range hours {
		for _, m := range minutes {
			for _, s := range seconds {
				times = append(times, h*3600+m*60+s)
			}
		}
	}
	return times, true
}

// values are the values that plain items of a field name, in their order.
func (f *field) values(items []Item) []int {
	var list []int
	for _, i := range items {
		last := i.To
		if last < i.From {
			last += f.max - f.min + 1
		}
		for v := i.From; v <= last; v += i.Step {
			list = append(list, f.min+(v-f.min)%(f.max-f.min+1))
		}
	}
	return sorted(list)
}

// plain says whether items are values, ranges and steps, and at least one.
func plain(items []Item) bool {
	return len(items) > 0 && !slices.ContainsFunc(items, func(i Item) bool { return i.Form != Span })
}

func all(items []Item) bool { return len(items) == 1 && items[0].All }

func single(items []Item) bool { return len(items) == 1 && items[0].Single() }

func is(items []Item, value int) bool { return single(items) && items[0].From == value }

// rhythm reads a field that says from when on and how often.
func rhythm(items []Item, s *Simple) bool {
	if len(items) != 1 || items[0].Form != Span || !items[0].Open {
		return false
	}
	s.From, s.Step = items[0].From, items[0].Step
	return true
}
