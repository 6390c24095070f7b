package schedulemaster

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// Verdict is what became of a row.
type Verdict string

// The verdicts. What is as it was is counted and not told.
const (
	Brought Verdict = "brought"
	Changed Verdict = "changed"
	Left    Verdict = "left"
	AsItWas Verdict = "as it was"
)

// Noun is what a row is of.
type Noun string

// The nouns, in the order in which they are brought.
const (
	User        Noun = "user"
	Worker      Noun = "worker"
	Setting     Noun = "setting"
	Task        Noun = "task"
	DelayedTask Noun = "delayed task"
)

// Line says what became of one row, and why.
type Line struct {
	Verdict Verdict
	Noun    Noun
	Name    string
	// Notes say why, and what is to be known of it.
	Notes []string
}

// String is the line as people read it.
func (l Line) String() string {
	s := fmt.Sprintf("%-8s %-12s %s", l.Verdict, l.Noun, l.Name)
	if len(l.Notes) > 0 {
		s += ": " + strings.Join(l.Notes, "; ")
	}
	return s
}

// Report counts what became of all rows.
type Report struct {
	counts map[Noun]map[Verdict]int64
	// Hints say what is left to do.
	Hints []string
}

func (r *Report) count(noun Noun, verdict Verdict, n int64) {
	if r.counts[noun] == nil {
		r.counts[noun] = map[Verdict]int64{}
	}
	r.counts[noun][verdict] += n
}

// Count says how many rows of a noun had a verdict.
func (r *Report) Count(noun Noun, verdict Verdict) int64 { return r.counts[noun][verdict] }

// Write prints the counts as a table, and the hints.
func (r *Report) Write(w io.Writer) error {
	var rows strings.Builder
	verdicts := []Verdict{Brought, Changed, Left, AsItWas}
	for _, v := range verdicts {
		rows.WriteString("\t" + string(v))
	}
	for _, noun := range []Noun{User, Worker, Setting, Task, DelayedTask} {
		rows.WriteString("\n" + string(noun) + "s")
		for _, v := range verdicts {
			rows.WriteString("\t" + strconv.FormatInt(r.Count(noun, v), 10))
		}
	}
	rows.WriteString("\n")
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, err1 := io.WriteString(table, rows.String())
	err2 := table.Flush()
	_, err3 := io.WriteString(w, strings.Join(append(slices.Clone(r.Hints), ""), "\n"))
	return errors.Join(err1, err2, err3)
}
