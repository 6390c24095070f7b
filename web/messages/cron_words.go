package messages

import (
	"fmt"
	"strings"

	"github.com/carillonhq/carillon/cron"
)

// CronWords says in a language what a cron expression names: "at 03:00, on Monday to Friday", "周一至周五，03:00".
func CronWords(lang Language, e *cron.Expression) string {
	o := e.Outline()
	if lang == Chinese {
		return chineseCron(o)
	}
	return englishCron(o)
}

// englishCron says the time of day first, then the days.
func englishCron(o cron.Outline) string {
	var parts []string
	clock, atTimes := o.Times()
	if atTimes {
		parts = append(parts, "at "+listed(clockTimes(clock), ", ", " and "))
	} else {
		parts = append(parts, englishTime(o)...)
	}
	days := englishDays(o)
	if days == "" && (atTimes || !always(o.Months)) {
		days = "every day"
	}
	if days != "" {
		parts = append(parts, days)
	}
	if !always(o.Months) {
		parts = append(parts, "in "+each(o.Months, "month", englishMonth, false))
	}
	if !always(o.Years) {
		parts = append(parts, "in "+each(o.Years, "year", number, false))
	}
	return strings.Join(parts, ", ")
}

// englishTime says the fields of second, minute and hour, leaving out what the ones said already mean.
func englishTime(o cron.Outline) []string {
	var parts []string
	rhythm := false // the last one said goes on through whatever it stands in
	if !zero(o.Seconds) {
		parts = append(parts, timeField(o.Seconds, "second", 60, "minute"))
		rhythm = always(o.Seconds) || stepped(o.Seconds)
	}
	switch {
	case always(o.Minutes) && len(parts) == 0:
		parts, rhythm = append(parts, "every minute"), true
	case always(o.Minutes) && !rhythm:
		parts, rhythm = append(parts, "of every minute"), true
	case always(o.Minutes):
	case zero(o.Minutes) && len(parts) == 0 && (always(o.Hours) || stepped(o.Hours)):
		return []string{timeField(o.Hours, "hour", 24, "day")}
	default:
		parts = append(parts, timeField(o.Minutes, "minute", 60, "hour"))
		rhythm = stepped(o.Minutes)
	}
	switch {
	case always(o.Hours) && !rhythm:
		parts = append(parts, "of every hour")
	case always(o.Hours):
	default:
		parts = append(parts, englishHours(o.Hours))
	}
	return parts
}

// englishHours says in which hours something happens again and again.
func englishHours(items []cron.Item) string {
	text := each(items, "hour", twoDigits, false)
	switch {
	case strings.HasPrefix(text, "every"):
		return "in " + text
	case len(items) == 1 && items[0].Single():
		return "in the hour from " + text + ":00"
	}
	return "in the hours " + text
}

// timeField says one field of the time of day. A step that does not go into the whole begins anew in each of what is above.
func timeField(items []cron.Item, unit string, size int, above string) string {
	if always(items) {
		return "every " + unit
	}
	if len(items) == 1 && stepped(items) {
		i := items[0]
		text := fmt.Sprintf("every %d %ss", i.Step, unit)
		if i.Step == 1 {
			text = "every " + unit
		}
		switch {
		case !i.Open:
			text += fmt.Sprintf(" from %s %d to %d", unit, i.From, i.To)
		case i.From != 0:
			text += fmt.Sprintf(" from %s %d on", unit, i.From)
		}
		if size%i.Step != 0 || i.From >= i.Step || !i.Open {
			text += ", anew in each " + above
		}
		return text
	}
	return "at " + each(items, unit, number, true)
}

// englishDays says the day fields; empty for every day.
func englishDays(o cron.Outline) string {
	if len(o.Weekdays) > 0 {
		if always(o.Weekdays) {
			return ""
		}
		return "on " + each(o.Weekdays, "day of the week", englishWeekday, false)
	}
	if always(o.MonthDays) {
		return ""
	}
	var texts []string
	for _, i := range o.MonthDays {
		switch i.Form {
		case cron.Last:
			texts = append(texts, "the "+fromLast(i.From)+" of the month")
		case cron.Nearest:
			texts = append(texts, fmt.Sprintf("the weekday nearest to day %d", i.From))
		case cron.LastNearest:
			if i.From == 0 {
				texts = append(texts, "the last weekday of the month")
			} else {
				texts = append(texts, "the weekday nearest to the "+fromLast(i.From)+" of the month")
			}
		default:
			texts = append(texts, spanWords(i, "day", number, true))
		}
	}
	text := "on " + listed(texts, ", ", " and ")
	if o.MonthDays[len(o.MonthDays)-1].Form == cron.Span {
		text += " of the month"
	}
	return text
}

func fromLast(n int) string {
	switch n {
	case 0:
		return "last day"
	case 1:
		return "day before the last day"
	}
	return nth(n) + " day before the last day"
}

// each says the items of a field, joined.
func each(items []cron.Item, unit string, say func(int) string, named bool) string {
	var texts []string
	for _, i := range items {
		switch i.Form {
		case cron.LastWeekday:
			texts = append(texts, "the last "+say(i.From)+" of the month")
		case cron.NthWeekday:
			texts = append(texts, "the "+ordinals[i.Step-1]+" "+say(i.From)+" of the month")
		default:
			texts = append(texts, spanWords(i, unit, say, named))
		}
	}
	return listed(texts, ", ", " and ")
}

// spanWords says a value, a range or a step. With named the unit leads the value: "day 5".
func spanWords(i cron.Item, unit string, say func(int) string, named bool) string {
	lead := ""
	if named {
		lead = unit + " "
	}
	switch {
	case i.Single():
		return lead + say(i.From)
	case i.All:
		return "every " + unit
	case i.Step == 1 && !i.Open:
		return lead + say(i.From) + " to " + say(i.To)
	case i.Step == 1:
		return lead + say(i.From) + " and later"
	case i.Open:
		return fmt.Sprintf("every %s %s from %s on", nth(i.Step), unit, lead+say(i.From))
	}
	return fmt.Sprintf("every %s %s from %s to %s", nth(i.Step), unit, lead+say(i.From), say(i.To))
}

// nth writes a number as it counts: 2nd, 3rd, 11th.
func nth(n int) string {
	switch {
	case n%10 == 1 && n%100 != 11:
		return fmt.Sprintf("%dst", n)
	case n%10 == 2 && n%100 != 12:
		return fmt.Sprintf("%dnd", n)
	case n%10 == 3 && n%100 != 13:
		return fmt.Sprintf("%drd", n)
	}
	return fmt.Sprintf("%dth", n)
}

func always(items []cron.Item) bool {
	for _, i := range items {
		if i.All {
			return true
		}
	}
	return len(items) == 0
}

func zero(items []cron.Item) bool {
	return len(items) == 1 && items[0].Single() && items[0].From == 0
}

// stepped says whether a field is one rhythm: a range or a step.
func stepped(items []cron.Item) bool {
	return len(items) == 1 && items[0].Form == cron.Span && !items[0].Single()
}

// clockTimes writes times of day, with their seconds where one has some.
func clockTimes(times []int) []string {
	form := func(t int) string { return fmt.Sprintf("%02d:%02d", t/3600, t/60%60) }
	for _, t := range times {
		if t%60 != 0 {
			form = func(t int) string { return fmt.Sprintf("%02d:%02d:%02d", t/3600, t/60%60, t%60) }
		}
	}
	texts := make([]string, len(times))
	for i, t := range times {
		texts[i] = form(t)
	}
	return texts
}

// listed joins texts as a sentence does: with another word before the last.
func listed(texts []string, between, last string) string {
	if len(texts) < 2 {
		return strings.Join(texts, "")
	}
	return strings.Join(texts[:len(texts)-1], between) + last + texts[len(texts)-1]
}

func number(n int) string    { return fmt.Sprint(n) }
func twoDigits(n int) string { return fmt.Sprintf("%02d", n) }

func englishMonth(n int) string   { return months[n-1] }
func englishWeekday(n int) string { return weekdays[n-1] }

var (
	months   = [...]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
	weekdays = [...]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}
	ordinals = [...]string{"first", "second", "third", "fourth", "fifth"}
)

// Weekday names a day of the week, from 1 = Sunday.
func Weekday(lang Language, n int) string {
	if lang == Chinese {
		return "周" + chineseWeekday(n)
	}
	return englishWeekday(n)
}

// ShortWeekday is Weekday in few letters.
func ShortWeekday(lang Language, n int) string {
	if lang == Chinese {
		return Weekday(lang, n)
	}
	return englishWeekday(n)[:3]
}

// Month names a month, from 1 = January.
func Month(lang Language, n int) string {
	if lang == Chinese {
		return fmt.Sprintf("%d 月", n)
	}
	return englishMonth(n)
}
