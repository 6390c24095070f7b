package verdict

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/carillonhq/carillon/e2e/chaos/evidence"
)

// examples is how many breaches of each rule a report for people shows; JSON has them all.
const examples = 5

// Report is a verdict with what it is about.
type Report struct {
	Database string           `json:"database"`
	Seed     uint64           `json:"seed"`
	Masters  int              `json:"masters"`
	Workers  int              `json:"workers"`
	Cuts     string           `json:"cuts"`   // what they are done by
	Lasted   time.Duration    `json:"lasted"` // from the first creation to the end of the last fault
	Settled  bool             `json:"settled"`
	Faults   []evidence.Fault `json:"faults"`
	Calls    evidence.Calls   `json:"calls"`
	Notes    []string         `json:"notes,omitempty"`
	Bounds   Bounds           `json:"bounds"`
	Lease    time.Duration    `json:"lease"`
	Rules    map[Rule]int     `json:"rules"` // how often each was broken
	Verdict  *Verdict         `json:"verdict"`
}

// NewReport judges evidence.
func NewReport(e *evidence.Evidence, b Bounds) *Report {
	b.complete()
	r := &Report{
		Database: e.Database, Seed: e.Seed, Masters: e.Masters, Workers: e.Workers, Cuts: "proxies", Lasted: e.Calmed.Sub(e.Began), Settled: e.Settled,
		Faults: e.Faults, Calls: e.Calls, Notes: e.Notes, Bounds: b, Lease: e.Lease, Rules: map[Rule]int{}, Verdict: Judge(e, b),
	}
	if e.Namespaces {
		r.Cuts = "network namespaces"
	}
	for _, rule := range Rules() {
		r.Rules[rule] = r.Verdict.Count(rule)
	}
	return r
}

// Broken says whether any rule was.
func (r *Report) Broken() bool { return len(r.Verdict.Breaches) > 0 || !r.Settled }

// WriteText writes the report for people.
func (r *Report) WriteText(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(t, format+"\n", args...) } // Flush tells
	v, f := r.Verdict, r.Verdict.Figures
	line("chaos on %s, seed %d: %d masters, %d workers, %s, cuts by %s", r.Database, r.Seed, r.Masters, r.Workers, r.Lasted.Round(time.Second), r.Cuts)
	line("")
	line("faults\t%d\t%s", len(r.Faults), r.faultCounts())
	line("calls of the API\t%d\t%d of them failed and were made again or given up", r.Calls.Made, r.Calls.Failed)
	line("creations acknowledged\t%d", f.Creations)
	line("firings expected\t%d\tin %d occurrences, %d runs: %s", f.Firings, f.Occurrences, f.Runs, counts(f.Outcomes))
	line("deliveries\t%d\t%d repeated around a fault, %d by a target that broke its connection, %d on waking from a freeze",
		f.Arrivals, f.Repeats, f.RepeatsByTarget, f.Woken)
	line("firings to several workers\t%d", f.Spread)
	line("waited, replaced\t%d, %d\tfor another firing of their task, and by one", f.Waited, f.Replaced)
	line("made up for, missed\t%d, %d\tof those too late", f.MadeUp, f.Missed)
	line("lateness, calm\t%d\tp50 %s, p99 %s, max %s", v.Lateness.Calm.Count, length(v.Lateness.Calm.P50), length(v.Lateness.Calm.P99), length(v.Lateness.Calm.Max))
	for _, s := range v.Lateness.Struck {
		line("lateness, %s of a %s\t%d\tmax %s: %s", s.Kind, s.Where, s.Count, length(s.Max), s.Worst)
	}
	line("")
	for _, rule := range Rules() {
		line("%s\t%d", rule, r.Rules[rule])
	}
	if err := t.Flush(); err != nil {
		return err
	}
	return r.writeBreaches(w)
}

func (r *Report) writeBreaches(w io.Writer) error {
	var b strings.Builder
	for _, note := range r.Notes {
		fmt.Fprintf(&b, "\nnote: %s", note)
	}
	if !r.Settled {
		b.WriteString("\nBROKEN: not every run had an outcome when the time for that was over")
	}
	shown := map[Rule]int{}
	for _, breach := range r.Verdict.Breaches {
		if shown[breach.Rule]++; shown[breach.Rule] <= examples {
			fmt.Fprintf(&b, "\nBROKEN: %s: %s", breach.Rule, breach.Text)
		}
	}
	if r.Broken() {
		fmt.Fprintf(&b, "\n\nTo do the same again: CHAOS_SEED=%d CHAOS_DATABASES=%s make chaos", r.Seed, r.Database)
	} else {
		b.WriteString("\nNothing was lost.")
	}
	_, err := io.WriteString(w, b.String()+"\n")
	return err
}

// faultCounts counts the faults by kind and by where they struck.
func (r *Report) faultCounts() string {
	n := map[string]int{}
	for i := range r.Faults {
		n[fmt.Sprintf("%s %s", r.Faults[i].Kind, strings.TrimRight(r.Faults[i].Node, "0123456789"))]++
	}
	return counts(n)
}

// counts shows how many there are of each, the most first.
func counts(n map[string]int) string {
	names := make([]string, 0, len(n))
	for name := range n {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(n[b], n[a]), cmp.Compare(a, b)) })
	for i, name := range names {
		names[i] = strconv.Itoa(n[name]) + " " + name
	}
	return strings.Join(names, ", ")
}

func length(d time.Duration) string {
	if d < time.Second {
		return d.Round(100 * time.Microsecond).String()
	}
	return d.Round(10 * time.Millisecond).String()
}
