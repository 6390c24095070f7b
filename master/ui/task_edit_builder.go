package ui

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/cron"
	"github.com/carillonhq/carillon/web/messages"
)

// builderField is the field of errors about what was chosen instead of written.
const builderField = "builder"

// readBuilder fills the choices from the expression; one that is none of them leaves the rhythm empty.
func (f *form) readBuilder() {
	for name := range f.values {
		if strings.HasPrefix(name, builderField+".") {
			f.values.Del(name)
		}
	}
	var s cron.Simple
	if e, err := cron.Parse(f.Value("schedule.cron")); err == nil {
		if read, ok := e.Simple(); ok {
			s = read
		}
	}
	f.fillBuilder(s)
}

// fillBuilder fills the choices, with something to begin with where nothing is chosen.
func (f *form) fillBuilder(s cron.Simple) {
	times := make([]string, len(s.Times))
	for i, t := range s.Times {
		times[i] = fmt.Sprintf("%02d:%02d", t/3600, t/60%60)
		if t%60 != 0 {
			times[i] += fmt.Sprintf(":%02d", t%60)
		}
	}
	f.set("builder.rhythm", string(s.Rhythm), "builder.step", strconv.Itoa(max(s.Step, 1)), "builder.from", strconv.Itoa(s.From),
		"builder.minute", strconv.Itoa(s.Minute), "builder.times", cmp.Or(strings.Join(times, ", "), "03:00"),
		"builder.on", cmp.Or(string(s.On), string(cron.OnDays)), "builder.days", cmp.Or(numbers(s.Days), "1"),
		"builder.day", strconv.Itoa(max(s.Day, 1)), "builder.weekday", strconv.Itoa(cmp.Or(s.Weekday, 2)), "builder.nth", strconv.Itoa(s.Nth))
	if s.On != cron.OnNth {
		f.set("builder.nth", "1")
	}
	for _, w := range s.Weekdays {
		f.values.Add("builder.weekdays", strconv.Itoa(w))
	}
	for _, m := range s.Months {
		f.values.Add("builder.months", strconv.Itoa(m))
	}
}

func numbers(list []int) string {
	texts := make([]string, len(list))
	for i, n := range list {
		texts[i] = strconv.Itoa(n)
	}
	return strings.Join(texts, ", ")
}

// build writes the expression from what is chosen. What was not to be seen before, because another rhythm was chosen, has
// what it begins with.
func (f *form) build() error {
	var begin form
	begin.values = map[string][]string{}
	begin.fillBuilder(cron.Simple{})
	for name, values := range begin.values {
		if _, sent := f.values[name]; !sent {
			f.values[name] = values
		}
	}
	s := cron.Simple{Rhythm: cron.Rhythm(f.Value("builder.rhythm")), On: cron.DayRule(f.Value("builder.on"))}
	if s.Rhythm == "" {
		return nil // it is as the expression says
	}
	if s.Rhythm == cron.Weekly && len(f.All("builder.weekdays")) == 0 {
		f.set("builder.weekdays", "2")
	}
	if s.Rhythm == cron.Yearly && len(f.All("builder.months")) == 0 {
		f.set("builder.months", "1")
	}
	for name, into := range map[string]*int{"step": &s.Step, "from": &s.From, "minute": &s.Minute, "day": &s.Day, "weekday": &s.Weekday, "nth": &s.Nth} {
		n, err := strconv.Atoi(f.Value("builder." + name))
		if err != nil {
			return core.Broken(builderField, "%q is not a whole number", f.Value("builder."+name))
		}
		*into = n
	}
	for name, into := range map[string]*[]int{"days": &s.Days, "weekdays": &s.Weekdays, "months": &s.Months} {
		var err error
		if *into, err = wholeNumbers(strings.Join(f.All("builder."+name), ",")); err != nil {
			return err
		}
	}
	var err error
	if s.Times, err = timesOfDay(f.Value("builder.times")); err != nil {
		return err
	}
	text, err := s.Expression()
	switch {
	case errors.Is(err, cron.ErrTimes):
		return core.Broken(builderField, "one expression cannot name these times of day: every hour has the same minutes in it")
	case err != nil:
		return core.Broken(builderField, "something is not chosen, or there is no such time or day")
	}
	f.set("schedule.cron", text)
	return nil
}

// apart cuts a list that people write, with commas or blanks.
func apart(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",;，、； \t", r) })
}

func wholeNumbers(text string) ([]int, error) {
	var list []int
	for _, word := range apart(text) {
		n, err := strconv.Atoi(word)
		if err != nil {
			return nil, core.Broken(builderField, "%q is not a whole number", word)
		}
		list = append(list, n)
	}
	return list, nil
}

// timesOfDay reads times such as 03:00 or 15:30:20, in seconds from midnight.
func timesOfDay(text string) ([]int, error) {
	var list []int
	for _, word := range apart(strings.ReplaceAll(text, "：", ":")) {
		t, err := time.Parse("15:04", word)
		if err != nil {
			t, err = time.Parse(time.TimeOnly, word)
		}
		if err != nil {
			return nil, core.Broken(builderField, "%q is not a time of day such as 03:00", word)
		}
		list = append(list, t.Hour()*3600+t.Minute()*60+t.Second())
	}
	return list, nil
}

// Builds says whether one of some rhythms is chosen.
func (v *taskEditView) Builds(rhythms ...string) bool {
	return slices.Contains(rhythms, v.Form.Value("builder.rhythm"))
}

// Weekdays are the days of the week, from Monday.
func (v *taskEditView) Weekdays() []choice {
	var list []choice
	for _, n := range []int{2, 3, 4, 5, 6, 7, 1} {
		value := strconv.Itoa(n)
		list = append(list, choice{Value: value, Label: messages.Weekday(v.r.lang, n), Chosen: slices.Contains(v.Form.All("builder.weekdays"), value)})
	}
	return list
}

// Months are the months of the year.
func (v *taskEditView) Months() []choice {
	var list []choice
	for n := 1; n <= 12; n++ {
		value := strconv.Itoa(n)
		list = append(list, choice{Value: value, Label: messages.Month(v.r.lang, n), Chosen: slices.Contains(v.Form.All("builder.months"), value)})
	}
	return list
}
