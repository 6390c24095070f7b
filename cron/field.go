package cron

import (
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"
)

// none is what the searches answer when no value is left.
const none = -1

const (
	minYear = 1970
	maxYear = 2199
)

// field describes one place of an expression.
type field struct {
	name     string
	min, max int
	maxStep  int
	names    []string // names[i] stands for min+i
	want     string   // what may stand there
}

var (
	secondField = field{name: "second", min: 0, max: 59, maxStep: 59,
		want: "0 to 59, *, or a list, range or step of them"}
	minuteField = field{name: "minute", min: 0, max: 59, maxStep: 59,
		want: "0 to 59, *, or a list, range or step of them"}
	hourField = field{name: "hour", min: 0, max: 23, maxStep: 23,
		want: "0 to 23, *, or a list, range or step of them"}
	dayField = field{name: "day of month", min: 1, max: 31, maxStep: 31,
		want: "1 to 31, *, L, LW, L-n, L-nW, nW, a list, range or step, or ? alone"}
	monthField = field{name: "month", min: 1, max: 12, maxStep: 12,
		names: []string{"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"},
		want:  "1 to 12, JAN to DEC, *, or a list, range or step of them"}
	weekdayField = field{name: "day of week", min: 1, max: 7, maxStep: 7,
		names: []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"},
		want:  "1 (SUN) to 7 (SAT), SUN to SAT, *, L, nL, n#k, a list, range or step, or ? alone"}
	yearField = field{name: "year", min: minYear, max: maxYear, maxStep: maxYear - minYear,
		want: "1970 to 2199, *, or a list, range or step of them"}
)

// each hands the items of a list to parse. The error of parse says what would be right; each adds where.
func (f *field) each(text string, parse func(item string) error) error {
	for item := range strings.SplitSeq(text, ",") {
		if err := parse(item); err != nil {
			want := err.Error()
			if item != text {
				want += fmt.Sprintf(" instead of %q", item)
			}
			return &Error{Field: f.name, Value: text, Want: want}
		}
	}
	return nil
}

// read adds what a field of plain values, ranges and steps names to set.
func (f *field) read(text string, set *uint64) error {
	return f.each(text, func(item string) error {
		return f.span(item, func(v int) { *set |= 1 << v })
	})
}

// span reads one value, range or step and adds each value it stands for.
func (f *field) span(item string, add func(v int)) error {
	values, stepText, stepped := strings.Cut(item, "/")
	step := 1
	if stepped {
		var ok bool
		if step, ok = number(stepText); !ok || step < 1 || step > f.maxStep {
			return fmt.Errorf("a step of 1 to %d after the /", f.maxStep)
		}
	}
	first, last := f.min, f.max
	if values != "*" && (values != "" || !stepped) {
		from, to, ranged := strings.Cut(values, "-")
		var ok bool
		if first, ok = f.value(from); !ok {
			return errors.New(f.want)
		}
		switch {
		case ranged:
			if last, ok = f.value(to); !ok {
				return errors.New(f.want)
			}
		case !stepped:
			last = first
		}
	}
	size := f.max - f.min + 1
	if last < first {
		if f == &yearField {
			return errors.New("the earlier year first, as years do not wrap round")
		}
		last += size
	}
	for v := first; v <= last; v += step {
		add(f.min + (v-f.min)%size)
	}
	return nil
}

// value reads one number or name of the field.
func (f *field) value(text string) (int, bool) {
	if i := slices.Index(f.names, text); i >= 0 {
		return f.min + i, true
	}
	v, ok := number(text)
	return v, ok && f.min <= v && v <= f.max
}

// number reads plain digits; unlike strconv it takes no sign.
func number(text string) (int, bool) {
	if strings.ContainsAny(text, "+-") {
		return 0, false
	}
	v, err := strconv.Atoi(text)
	return v, err == nil
}

// lowest answers the smallest member of set that is at least from, or none.
func lowest(set uint64, from int) int {
	if rest := set >> from << from; rest != 0 {
		return bits.TrailingZeros64(rest)
	}
	return none
}

// years is a set of the years from minYear to maxYear.
type years [(maxYear-minYear)/64 + 1]uint64

func (y *years) add(year int) {
	y[(year-minYear)/64] |= 1 << ((year - minYear) % 64)
}

// lowest answers the first year of the set that is at least from, or none.
func (y *years) lowest(from int) int {
	first := max(from-minYear, 0)
	for word := first / 64; word < len(y); word++ {
		if bit := lowest(y[word], max(first-64*word, 0)); bit != none {
			return minYear + 64*word + bit
		}
	}
	return none
}
