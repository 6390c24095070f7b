package bench

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// WriteText writes the report for people. A rate stands with its ratio to the bare client's.
func (r *Report) WriteText(w io.Writer) error {
	t := &table{}
	t.line("carillon bench %s: %s server, %d clients, %d CPUs, %s", r.Version, r.Server, r.Clients, r.CPUs, r.System)
	for i := range r.Results {
		t.result(&r.Results[i])
	}
	_, err := io.WriteString(w, t.b.String())
	return err
}

// table collects the lines of a report.
type table struct{ b strings.Builder }

func (t *table) line(format string, args ...any) {
	fmt.Fprintf(&t.b, format+"\n", args...)
}

// row is a line with a name, a rate and its ratio, each of which may be empty, and more in words.
func (t *table) row(name, rate, ratio, format string, args ...any) {
	t.line("%s", strings.TrimRight(fmt.Sprintf("  %-12s%10s%7s   %s", name, rate, ratio, fmt.Sprintf(format, args...)), " "))
}

func (t *table) result(r *Result) {
	t.line("\n%s: %s", r.Scenario, r.Title)
	t.row("bare client", rate(r.Bare.Mean), "1.00", "%s before, %s after%s", rate(r.Bare.Before.PerSecond), rate(r.Bare.After.PerSecond), r.Bare.cpu())
	if c := r.Creations; c != nil {
		t.row("creations", rate(c.PerSecond), ratio(c.Ratio), "%s by the %s API, answered in %s%s", count(c.Count), c.API, c.Answers, serverCPU(c.ServerCPU))
		if c.Failed > 0 {
			t.row("", "", "", "%s failed: %s", count(c.Failed), c.Failure)
		}
	}
	if c := r.Callbacks; c != nil {
		t.row("callbacks", rate(c.PerSecond), ratio(c.Ratio), "%s of %s arrived, %s lost, %s repeated, %s early, %s strays%s",
			count(c.Arrived), count(c.Expected), count(c.Lost), count(c.Repeated), count(c.Early), count(c.Strays), serverCPU(c.ServerCPU))
		if len(c.Recorded) > 0 {
			t.row("recorded", "", "", "%s", outcomesText(c.Recorded))
		}
		t.row("lateness", "", "", "%s%s", c.Lateness, c.trend())
	}
	if p := r.Pending; p != nil {
		t.row("memory", "", "", "%s before the %s, %s after; after a restart %s, %s without them",
			mebibytes(p.MemoryBefore), count(p.Count), mebibytes(p.MemoryAfter), mebibytes(p.MemoryFull), mebibytes(p.MemoryEmpty))
		t.row("start", "", "", "%s, %s without them, %s on an empty folder", length(p.StartFull), length(p.StartEmpty), length(p.StartNew))
	}
	t.usage("server", r.ServerUsage)
	t.usage("bench", r.BenchUsage)
}

func (t *table) usage(name string, u *Usage) {
	if u == nil {
		t.row(name, "", "", "CPU time and memory n/a")
		return
	}
	t.row(name, "", "", "%.1f s of CPU, at most %s", u.CPUSeconds, mebibytes(u.PeakMemory))
}

// trend says whether the lag grew.
func (c *Callbacks) trend() string {
	switch {
	case c.Growth == nil:
		return ""
	case c.Behind:
		return ", behind: the lag grew by " + length(*c.Growth)
	}
	return ", not behind: the lag grew by " + length(*c.Growth)
}

// String is for people.
func (p Percentiles) String() string {
	return fmt.Sprintf("p50 %s, p99 %s, max %s", length(p.P50), length(p.P99), length(p.Max))
}

func rate(perSecond float64) string { return count(int(math.Round(perSecond))) + "/s" }

func ratio(f float64) string { return fmt.Sprintf("%.2f", f) }

func serverCPU(micros float64) string {
	if micros == 0 {
		return ""
	}
	return fmt.Sprintf("; %.0f µs of server CPU each", micros)
}

// cpu is what each post took.
func (b *Bare) cpu() string {
	if b.Before.ClientCPU == 0 {
		return ""
	}
	return fmt.Sprintf("; %.0f µs of CPU each, and %.0f µs of the sink's", (b.Before.ClientCPU+b.After.ClientCPU)/2, (b.Before.SinkCPU+b.After.SinkCPU)/2)
}

// length shows milliseconds with about three digits.
func length(ms float64) string {
	switch size := math.Abs(ms); {
	case size < 10:
		return fmt.Sprintf("%.2f ms", ms)
	case size < 100:
		return fmt.Sprintf("%.1f ms", ms)
	case size < 10_000:
		return fmt.Sprintf("%.0f ms", ms)
	}
	return fmt.Sprintf("%.1f s", ms/1000)
}

// mebibytes shows a number of bytes; none is one that is not known.
func mebibytes(bytes int64) string {
	if bytes == 0 {
		return "n/a"
	}
	return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20))
}

// count shows a number that is not negative, with its thousands apart.
func count(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
