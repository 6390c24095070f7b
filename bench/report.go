package bench

import (
	"runtime"
	"time"

	"github.com/carillonhq/carillon/internal/buildinfo"
)

// Report is what a run found. Its fields are the JSON that `carillon bench --json` prints.
type Report struct {
	// Version is of the binary that measured, and of the server when it was one of its own.
	Version string    `json:"version"`
	Started time.Time `json:"started"`
	// Server is the target's URL, or "own".
	Server  string   `json:"server"`
	System  string   `json:"system"`
	CPUs    int      `json:"cpus"`
	Clients int      `json:"clients"`
	Results []Result `json:"results"`
}

func newReport(o *Options) *Report {
	info := buildinfo.Get()
	r := &Report{
		Version: info.Version, Started: time.Now().UTC().Truncate(time.Second), Server: "own", System: info.Platform + " " + info.Go,
		CPUs: runtime.GOMAXPROCS(0), Clients: o.Clients, Results: []Result{},
	}
	if o.Target != "" {
		r.Server = o.Target
	}
	return r
}

// Lost is how many callbacks did not arrive, of all scenarios together.
func (r *Report) Lost() int {
	n := 0
	for _, res := range r.Results {
		if res.Callbacks != nil {
			n += res.Callbacks.Lost
		}
	}
	return n
}

// Refused is how many creations failed, of all scenarios together.
func (r *Report) Refused() int {
	n := 0
	for _, res := range r.Results {
		if res.Creations != nil {
			n += res.Creations.Failed
		}
	}
	return n
}

// Result is what one scenario found. Parts that it does not measure are nil.
type Result struct {
	Scenario Scenario `json:"scenario"`
	// Title says in words what was done.
	Title     string     `json:"title"`
	Bare      Bare       `json:"bareClient"`
	Creations *Creations `json:"creations,omitempty"`
	Callbacks *Callbacks `json:"callbacks,omitempty"`
	Pending   *Pending   `json:"pending,omitempty"`
	// ServerUsage is nil of a foreign server, and where there is no /proc.
	ServerUsage *Usage `json:"serverUsage,omitempty"`
	BenchUsage  *Usage `json:"benchUsage,omitempty"`
}

// Bare is how fast the bare client posted straight to the sink, before and after the scenario.
type Bare struct {
	Before BareRun `json:"before"`
	After  BareRun `json:"after"`
	// Mean is the rate that the ratios refer to.
	Mean float64 `json:"meanPerSecond"`
}

// BareRun is one measurement of the bare client. CPU times are in microseconds a post; 0 is unknown.
type BareRun struct {
	PerSecond float64 `json:"perSecond"`
	ClientCPU float64 `json:"clientCpuMicros"`
	SinkCPU   float64 `json:"sinkCpuMicros"`
}

// Creations is how fast work was accepted.
type Creations struct {
	// API is "form" or "json".
	API       string  `json:"api"`
	Count     int     `json:"count"` // acknowledged
	Failed    int     `json:"failed"`
	Failure   string  `json:"failure,omitempty"` // the first one
	PerSecond float64 `json:"perSecond"`
	// Ratio is PerSecond to the bare client's.
	Ratio float64 `json:"ratio"`
	// Answers is how long the answers took, Clients requests being under way at once.
	Answers Percentiles `json:"answers"`
	// ServerCPU is in microseconds a creation; 0 is unknown.
	ServerCPU float64 `json:"serverCpuMicros,omitempty"`
}

// Callbacks is what arrived at the sink.
type Callbacks struct {
	Expected int `json:"expected"` // of the creations that were acknowledged
	Arrived  int `json:"arrived"`
	Lost     int `json:"lost"`
	Repeated int `json:"repeated"` // arrivals beyond the first of each
	Early    int `json:"early"`    // arrived before they were due
	Strays   int `json:"strays"`   // nobody ordered them in this phase
	// Recorded is how many runs the server says it recorded meanwhile, by outcome; empty when it serves no metrics. It tells
	// why callbacks are missing, and counts the work of others on a foreign server.
	Recorded map[string]int `json:"recorded,omitempty"`
	// PerSecond counts from the first due instant to the last arrival, and over no less than the seconds of ScenarioSteady
	// and ScenarioCron, where it is at most what was ordered.
	PerSecond float64 `json:"perSecond"`
	// Ratio is PerSecond to the bare client's.
	Ratio    float64     `json:"ratio"`
	Lateness Percentiles `json:"lateness"`
	// Growth is by how much the median lateness of the last fifth was above that of the first; nil when the run was too
	// short to tell. Behind says that it grew, or had come to more than a second.
	Growth *float64 `json:"growthMs,omitempty"`
	Behind bool     `json:"behind"`
	// ServerCPU is in microseconds a callback, from the end of the creations on; 0 is unknown.
	ServerCPU float64 `json:"serverCpuMicros,omitempty"`
}

// Pending is what many delayed tasks far ahead cost. Memory is resident and in bytes, times are from the start of the
// process until it was ready.
type Pending struct {
	Count        int     `json:"count"`
	MemoryBefore int64   `json:"memoryBefore"` // after the warm-up
	MemoryAfter  int64   `json:"memoryAfter"`  // when all had been created, with what the creations left to collect
	StartNew     float64 `json:"startNewMs"`   // on an empty folder, where the schema is made
	// The next are medians of several restarts: with nothing stored, and with all.
	StartEmpty  float64 `json:"startEmptyMs"`
	StartFull   float64 `json:"startFullMs"`
	MemoryEmpty int64   `json:"memoryEmpty"`
	MemoryFull  int64   `json:"memoryFull"`
}

// Usage is what a process used during a scenario, without the bare client's part.
type Usage struct {
	CPUSeconds float64 `json:"cpuSeconds"`
	// PeakMemory is in bytes, since the process began.
	PeakMemory int64 `json:"peakMemory"`
}

// usageSince gives what was used between two looks at a process; nil when it is not known.
func usageSince(from, to usage) *Usage {
	if !from.known || !to.known {
		return nil
	}
	return &Usage{CPUSeconds: (to.cpu - from.cpu).Seconds(), PeakMemory: to.peak}
}
