package cron

import (
	"strconv"
	"strings"
	"time"
)

// Outline is what an expression says field by field, as it is written: for those who tell it in words or show it as a
// choice. A day field that is ? has no items, and so has a year that is not written.
type Outline struct {
	Seconds, Minutes, Hours, MonthDays, Months, Weekdays, Years []Item
}

// Form says which values an Item stands for.
type Form int

// The forms of items.
const (
	Span        Form = iota // every Step-th value from From to To; wrapped round when To is less
	Last                    // L-n: the From-th day before the last
	Nearest                 // nW: the weekday nearest to day From
	LastNearest             // L-nW: the weekday nearest to the From-th day before the last
	LastWeekday             // nL: the last day of the week From in the month
	NthWeekday              // n#k: the Step-th day of the week From in the month
)

// Item is one entry of a field's list.
type Item struct {
	Form           Form
	From, To, Step int
	// All says that a span names every value of its field, Open that it ends with the field's last value because nothing
	// else was said: a/n and not a-b/n.
	All, Open bool
}

// Single says whether an item is one plain value.
func (i Item) Single() bool { return i.Form == Span && i.From == i.To && !i.Open }

// Outline tells what the expression says.
func (e *Expression) Outline() Outline {
	parts := strings.Fields(e.text)
	o := Outline{
		Seconds: secondField.items(parts[0]), Minutes: minuteField.items(parts[1]), Hours: hourField.items(parts[2]),
		MonthDays: dayField.items(parts[3]), Months: monthField.items(parts[4]), Weekdays: weekdayField.items(parts[5]),
	}
	if len(parts) == 7 {
		o.Years = yearField.items(parts[6])
	}
	return o
}

// items takes apart the text of a field that has been read before.
func (f *field) items(text string) []Item {
	if text == "?" {
		return nil
	}
	var list []Item
	for part := range strings.SplitSeq(text, ",") {
		list = append(list, f.item(part))
	}
	return list
}

func (f *field) item(text string) Item {
	if f == &dayField {
		body, nearest := strings.CutSuffix(text, "W")
		if offset, ok := strings.CutPrefix(body, "L"); ok {
			n, _ := strconv.Atoi(strings.TrimPrefix(offset, "-"))
			if nearest {
				return Item{Form: LastNearest, From: n}
			}
			return Item{Form: Last, From: n}
		}
		if nearest {
			n, _ := strconv.Atoi(body)
			return Item{Form: Nearest, From: n}
		}
	}
	if f == &weekdayField {
		if text == "L" {
			text = "SAT"
		}
		if day, nth, ok := strings.Cut(text, "#"); ok {
			w, _ := f.value(day)
			k, _ := strconv.Atoi(nth)
			return Item{Form: NthWeekday, From: w, Step: k}
		}
		if day, ok := strings.CutSuffix(text, "L"); ok {
			w, _ := f.value(day)
			return Item{Form: LastWeekday, From: w}
		}
	}
	return f.spanItem(text)
}

func (f *field) spanItem(text string) Item {
	values, stepText, stepped := strings.Cut(text, "/")
	i := Item{From: f.min, To: f.max, Step: 1, Open: true}
	if stepped {
		i.Step, _ = strconv.Atoi(stepText)
	}
	if values != "*" && values != "" {
		from, to, ranged := strings.Cut(values, "-")
		i.From, _ = f.value(from)
		switch {
		case ranged:
			i.To, _ = f.value(to)
			i.Open = false
		case !stepped:
			i.To, i.Open = i.From, false
		}
	}
	i.All = i.From == f.min && i.To == f.max && i.Step == 1
	return i
}

// Names says whether the expression names the date and the time that the clock shows at t, in t's own zone.
func (e *Expression) Names(t time.Time) bool {
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	return e.matchesDay(year, int(month), day) && e.hours>>hour&1 != 0 && e.minutes>>minute&1 != 0 && e.seconds>>second&1 != 0
}
