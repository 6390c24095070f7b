package bench

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"time"
)

// Scenario is what is measured.
type Scenario string

// The scenarios. ScenarioAll is each of the others, ScenarioSteady in both shapes.
const (
	ScenarioBurst   Scenario = "burst"   // many delayed tasks, all due at one instant
	ScenarioSteady  Scenario = "steady"  // so many delayed tasks a second
	ScenarioCron    Scenario = "cron"    // many tasks that fire every second
	ScenarioPending Scenario = "pending" // memory and start with many delayed tasks far ahead
	ScenarioAll     Scenario = "all"
)

// Shape is how ScenarioSteady's due instants lie within a second.
type Shape string

// The shapes.
const (
	ShapeWhole  Shape = "whole"  // all on the whole second
	ShapeSpread Shape = "spread" // evenly over the second
)

// The limits of the options.
const (
	maxCount   = 1_000_000 // delayed tasks
	maxTasks   = 20_000
	maxRate    = 50_000
	maxSeconds = 3_600
	maxFirings = 5_000_000
	maxClients = 1_024
	maxLead    = time.Hour
	minTimeout = 100 * time.Millisecond
	maxTimeout = 24 * time.Hour
)

// Options says what is measured, and on which server. DefaultOptions gives a set that is ready to use.
type Options struct {
	Scenario Scenario
	// Count is the number of delayed tasks of ScenarioBurst and ScenarioPending, up to 1,000,000. Defaults to 20,000.
	Count int
	// Tasks is the number of tasks of ScenarioCron, up to 20,000. Defaults to 2,000.
	Tasks int
	// Rate is ScenarioSteady's number of callbacks a second, up to 50,000. Defaults to 1,000.
	Rate int
	// Seconds is how long ScenarioSteady and ScenarioCron last, up to 3,600. Defaults to 20.
	Seconds int
	// Shape is ScenarioSteady's. Defaults to ShapeWhole; ScenarioAll measures both.
	Shape Shape
	// Clients is how many requests are under way at once, up to 1,024. Defaults to 64.
	Clients int
	// Lead is how far behind the expected end of the creations the first due instant lies, up to an hour. Defaults to 16 s.
	Lead time.Duration
	// Timeout bounds the whole, from 100 ms to a day. Defaults to 15 minutes.
	Timeout time.Duration
	// Target is the base URL of a running server on this machine. Empty starts one.
	Target string
	// User and Password are whom the benchmark signs in as on the Target. User defaults to admin.
	User     string
	Password string
	// Keep leaves the scratch folder of a server of its own where it is.
	Keep bool
	// Executable is the carillon binary that is started as the server and as the bare client. Required.
	Executable string
	// Progress is told in words what is going on. Nil tells nobody.
	Progress io.Writer

	pace pace
}

// pace is how long the parts of a run take that are not the measurement itself.
type pace struct {
	bare     time.Duration // of posting straight to the sink
	bareWarm time.Duration // the same before it counts
	grain    time.Duration // what the first due instant is a multiple of
	warmLead time.Duration // until the callbacks of the warm-up are due
	patience time.Duration // silence after which what has not arrived is lost; longer than a lease and a first retry
	echo     time.Duration // how long repeats are watched for after everything has arrived
	settle   time.Duration // for memory to settle
}

// DefaultOptions gives the options, but for Executable.
func DefaultOptions() Options {
	return Options{
		Scenario: ScenarioAll, Count: 20_000, Tasks: 2_000, Rate: 1_000, Seconds: 20, Shape: ShapeWhole, Clients: 64,
		Lead: 16 * time.Second, Timeout: 15 * time.Minute, User: "admin",
		pace: pace{
			bare: 3 * time.Second, bareWarm: 500 * time.Millisecond, grain: time.Second, warmLead: 2 * time.Second,
			patience: 25 * time.Second, echo: time.Second, settle: 5 * time.Second,
		},
	}
}

// Validate says everything that is wrong with the options, by the names of the flags.
func (o *Options) Validate() error {
	var errs []error
	refuse := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	within := func(flag string, n, most int) {
		if n < 1 || n > most {
			refuse("--%s must be from 1 to %d", flag, most)
		}
	}
	switch o.Scenario {
	case ScenarioBurst, ScenarioSteady, ScenarioCron, ScenarioAll:
	case ScenarioPending:
		if o.Target != "" {
			refuse("--scenario pending restarts the server, so it needs one of its own: leave --target out")
		}
	default:
		refuse("--scenario %q must be burst, steady, cron, pending or all", o.Scenario)
	}
	if o.Shape != ShapeWhole && o.Shape != ShapeSpread {
		refuse("--shape %q must be whole or spread", o.Shape)
	}
	within("count", o.Count, maxCount)
	within("tasks", o.Tasks, maxTasks)
	within("rate", o.Rate, maxRate)
	within("seconds", o.Seconds, maxSeconds)
	within("clients", o.Clients, maxClients)
	if o.Rate*o.Seconds > maxCount {
		refuse("--rate times --seconds must be at most %d", maxCount)
	}
	if o.Tasks*o.Seconds > maxFirings {
		refuse("--tasks times --seconds must be at most %d", maxFirings)
	}
	if o.Lead < 0 || o.Lead > maxLead {
		refuse("--lead must be from 0s to %s", maxLead)
	}
	if o.Timeout < minTimeout || o.Timeout > maxTimeout {
		refuse("--timeout must be from %s to %s", minTimeout, maxTimeout)
	}
	if o.Executable == "" {
		refuse("there is no binary to start")
	}
	return errors.Join(append(errs, o.validateTarget())...)
}

func (o *Options) validateTarget() error {
	if o.Target == "" {
		return nil
	}
	u, err := url.Parse(o.Target)
	switch {
	case err != nil || u.Scheme != "http" || u.Host == "" || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.User != nil:
		return fmt.Errorf("--target %q must be a base URL such as http://127.0.0.1:30000", o.Target)
	case o.User == "" || o.Password == "":
		return errors.New("a --target needs --user and the password in CARILLON_BENCH_PASSWORD")
	}
	return nil
}

// say tells whoever watches what is going on.
func (o *Options) say(format string, args ...any) {
	if o.Progress != nil {
		_, _ = fmt.Fprintf(o.Progress, format+"\n", args...)
	}
}
