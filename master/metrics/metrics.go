// Package metrics counts what a master does, for Prometheus.
package metrics

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/carillonhq/carillon/core"
)

// Metrics are a master's counters, gauges and histograms, in a registry of their own.
type Metrics struct {
	registry *prometheus.Registry
	firings  *prometheus.CounterVec
	refused  *prometheus.CounterVec
	lateness prometheus.Histogram
	commits  *prometheus.HistogramVec
	batches  *prometheus.HistogramVec
}

// Gauges are read when the metrics are asked for.
type Gauges struct {
	Reserved  func() int           // runs in this master's memory
	InFlight  func() int           // runs its workers have
	Workers   func() int           // workers connected to it
	LeaseLeft func() time.Duration // of its own lease
	Depth     func() map[core.RunState]int64
}

// New makes the metrics of a master of this version.
func New(version string, g Gauges) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		firings: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "carillon_firings_total",
			Help: "Runs recorded, by outcome and trigger."}, []string{"outcome", "trigger"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "carillon_outcomes_refused_total",
			Help: "Outcomes that the database refused as they were reported, by what was stored of them."}, []string{"stored"}),
		lateness: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "carillon_lateness_seconds",
			Help:    "Time from the instant a run was to be sent to the moment its worker began to send it.",
			Buckets: seconds(core.LatenessBounds())}),
		commits: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "carillon_commit_seconds",
			Help:    "Time that a step's transaction took.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5}}, []string{"step"}),
		batches: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "carillon_batch_rows",
			Help: "Runs in one transaction of a step.", Buckets: []float64{1, 2, 5, 10, 25, 50, 100, 250, 500, 1000}}, []string{"step"}),
	}
	m.registry.MustRegister(m.firings, m.refused, m.lateness, m.commits, m.batches,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		gauge("carillon_reserved_runs", "Runs reserved in this master's memory.", func() float64 { return float64(g.Reserved()) }),
		gauge("carillon_callbacks_in_flight", "Runs that this master's workers have.", func() float64 { return float64(g.InFlight()) }),
		gauge("carillon_workers_connected", "Workers connected to this master.", func() float64 { return float64(g.Workers()) }),
		gauge("carillon_lease_seconds", "Time left of this master's lease.", func() float64 { return g.LeaseLeft().Seconds() }),
		depth{read: g.Depth, desc: prometheus.NewDesc("carillon_queue_runs", "Open runs in the database, by state.", []string{"state"}, nil)},
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "carillon_build_info", Help: "Always 1; the label is the version.",
			ConstLabels: prometheus.Labels{"version": version}}, func() float64 { return 1 }),
	)
	return m
}

func seconds(bounds []time.Duration) []float64 {
	out := make([]float64, len(bounds))
	for i, d := range bounds {
		out[i] = d.Seconds()
	}
	return out
}

func gauge(name, help string, read func() float64) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, read)
}

// Handler serves the metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}

// Recorded counts a run that was recorded.
func (m *Metrics) Recorded(r *core.Run) {
	m.firings.WithLabelValues(string(r.State), string(r.Trigger)).Add(float64(r.Count))
	if late, sent := r.Lateness(); sent {
		m.lateness.Observe(late.Seconds())
	}
}

// Refused counts an outcome that the database refused as it was reported, by what was stored of it instead.
func (m *Metrics) Refused(stored string) { m.refused.WithLabelValues(stored).Inc() }

// Commit notes one transaction of a step: how many runs it wrote and how long it took.
func (m *Metrics) Commit(step string, rows int, took time.Duration) {
	m.commits.WithLabelValues(step).Observe(took.Seconds())
	m.batches.WithLabelValues(step).Observe(float64(rows))
}

// depth reads the queue's depth from the database once for all states.
type depth struct {
	read func() map[core.RunState]int64
	desc *prometheus.Desc
}

// Describe is part of prometheus.Collector.
func (d depth) Describe(ch chan<- *prometheus.Desc) { ch <- d.desc }

// Collect is part of prometheus.Collector.
func (d depth) Collect(ch chan<- prometheus.Metric) {
	counts := d.read()
	for _, state := range []core.RunState{core.RunPlanned, core.RunDispatched, core.RunRunning} {
		ch <- prometheus.MustNewConstMetric(d.desc, prometheus.GaugeValue, float64(counts[state]), string(state))
	}
}
