package cron

import (
	"errors"
	"fmt"
	"iter"
	"math/bits"
	"slices"
	"strings"
	"time"
)

// days is what the two day fields say together. Exactly one of them speaks, so their sets are united.
type days struct {
	plain       uint64    // bit d: day d of the month
	last        uint64    // bit n: L-n
	nearest     uint64    // bit d: dW
	lastNearest uint64    // bit n: L-nW
	weekdays    uint64    // bit w: every such day of the week, 1 = SUN
	lastWeekday uint64    // bit w: wL
	nth         [6]uint64 // nth[k] bit w: w#k
}

func (d *days) readMonthDays(text string) error {
	if text == "?" {
		return nil
	}
	return dayField.each(text, d.addMonthDay)
}

func (d *days) readWeekdays(text string) error {
	if text == "?" {
		return nil
	}
	return weekdayField.each(text, d.addWeekday)
}

func (d *days) addMonthDay(item string) error {
	body, nearest := strings.CutSuffix(item, "W")
	offset, fromLast := strings.CutPrefix(body, "L")
	switch {
	case fromLast:
		n := 0
		if offset != "" {
			var ok bool
			offset, dashed := strings.CutPrefix(offset, "-")
			if n, ok = number(offset); !dashed || !ok || n > 30 {
				return errors.New("L, LW, L-n or L-nW with n from 0 to 30")
			}
		}
		if nearest {
			d.lastNearest |= 1 << n
		} else {
			d.last |= 1 << n
		}
		return nil
	case nearest:
		n, ok := number(body)
		if !ok || n < 1 || n > 31 {
			return errors.New("W after a single day from 1 to 31, or LW")
		}
		d.nearest |= 1 << n
		return nil
	}
	return dayField.span(item, func(v int) { d.plain |= 1 << v })
}

func (d *days) addWeekday(item string) error {
	if item == "L" {
		item = "SAT"
	}
	if day, nth, ok := strings.Cut(item, "#"); ok {
		w, okDay := weekdayField.value(day)
		k, okNth := number(nth)
		if !okDay || !okNth || k < 1 || k > 5 {
			return errors.New("n#k with a day n from 1 (SUN) to 7 (SAT), or its name, and k from 1 to 5")
		}
		d.nth[k] |= 1 << w
		return nil
	}
	if day, ok := strings.CutSuffix(item, "L"); ok {
		w, okDay := weekdayField.value(day)
		if !okDay {
			return errors.New("L after a single day from 1 (SUN) to 7 (SAT), or its name")
		}
		d.lastWeekday |= 1 << w
		return nil
	}
	return weekdayField.span(item, func(v int) { d.weekdays |= 1 << v })
}

// checkDays holds the rule that exactly one day field is ?. Versions of Quartz read the other pairs in
// different ways, so the error says how to write what was likely meant.
func checkDays(parts []string) error {
	day, weekday := parts[3], parts[5]
	write := func(day, weekday string) string {
		better := slices.Clone(parts)
		better[3], better[5] = day, weekday
		return fmt.Sprintf("%q", strings.Join(better, " "))
	}
	const rule = " (exactly one of the two day fields is ?)"
	switch {
	case (day == "?") != (weekday == "?"):
		return nil
	case day == "?":
		return &Error{Field: weekdayField.name, Value: weekday,
			Want: "a day of the week, or for every day write " + write("*", "?") + rule}
	case weekday == "*":
		return &Error{Field: weekdayField.name, Value: weekday, Want: "?: write " + write(day, "?") + rule}
	case day == "*":
		return &Error{Field: dayField.name, Value: day, Want: "?: write " + write("?", weekday) + rule}
	default:
		return &Error{Field: weekdayField.name, Value: weekday,
			Want: "? here or in day of month: write " + write(day, "?") + " or " + write("?", weekday) + rule}
	}
}

// everyWeek has the bits 0, 7, 14, 21 and 28: one day of the week through a month.
const everyWeek = 1 | 1<<7 | 1<<14 | 1<<21 | 1<<28

// in answers the days of a month that match; bit d is day d.
func (d *days) in(year, month int) uint64 {
	length := time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
	first := int(time.Date(year, time.Month(month), 1, 0, 0, 0, 0, time.UTC).Weekday()) // 0 = Sunday

	match := d.plain
	for n := range members(d.last) {
		if n < length {
			match |= 1 << (length - n)
		}
	}
	for n := range members(d.nearest) {
		match |= 1 << nearestWeekday(min(n, length), length, first)
	}
	for n := range members(d.lastNearest) {
		if n < length {
			match |= 1 << nearestWeekday(length-n, length, first)
		}
	}

	// onset is the first day of the month that is weekday w.
	onset := func(w int) int { return 1 + (w-1-first+7)%7 }
	for w := range members(d.weekdays) {
		match |= everyWeek << onset(w)
	}
	for w := range members(d.lastWeekday) {
		match |= 1 << (onset(w) + (length-onset(w))/7*7)
	}
	for k, set := range d.nth {
		for w := range members(set) {
			match |= 1 << (onset(w) + 7*(k-1))
		}
	}
	return match & (1<<(length+1) - 1)
}

// nearestWeekday moves a day that falls on a weekend to the Friday before or the Monday after it, but
// never out of the month, of which first is the weekday of the 1st (0 = Sunday).
func nearestWeekday(day, length, first int) int {
	switch (first + day - 1) % 7 {
	case 6: // Saturday
		if day == 1 {
			return day + 2
		}
		return day - 1
	case 0: // Sunday
		if day == length {
			return day - 2
		}
		return day + 1
	}
	return day
}

// members ranges over the bits of set, lowest first.
func members(set uint64) iter.Seq[int] {
	return func(yield func(int) bool) {
		for ; set != 0; set &= set - 1 {
			if !yield(bits.TrailingZeros64(set)) {
				return
			}
		}
	}
}
