// Package duty runs a master's periodic duties with gocron: each has a name, a pace and one function. A duty never
// overlaps itself; one that must run on a single master of the cluster asks the elector first.
package duty

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/go-co-op/gocron/v2"
)

// Duty is something done again and again.
type Duty struct {
	Name string
	// Every is the time from one beginning to the next. A run that takes longer makes the next wait, not pile up.
	Every time.Duration
	// Timeout bounds one run; 0 means a minute.
	Timeout time.Duration
	// Single says that one master of the cluster does it at a time.
	Single bool
	Run    func(context.Context) error
}

// Leases lets one holder at a time have a name.
type Leases interface {
	Acquire(ctx context.Context, name, holder string, length time.Duration) (bool, error)
}

// Options says who does the duties. All fields are required.
type Options struct {
	Leases Leases
	Holder string // this master's incarnation
	Logger *slog.Logger
}

// Runner does duties from Start to Stop.
type Runner struct {
	opts       Options
	schedulers []gocron.Scheduler
}

// leaseLength is how long the master that does the single duties keeps them from the others after it last did one.
const leaseLength = 30 * time.Second

var errNotElected = errors.New("another master does this duty")

// Start begins duties, each for the first time at once. They end when ctx does, or at Stop.
func Start(ctx context.Context, opts Options, duties []Duty) (*Runner, error) {
	r := &Runner{opts: opts}
	everyone, err := gocron.NewScheduler(gocron.WithLocation(time.UTC))
	if err != nil {
		return nil, fmt.Errorf("duties: %w", err)
	}
	elected, err := gocron.NewScheduler(gocron.WithLocation(time.UTC), gocron.WithDistributedElector(r))
	if err != nil {
		return nil, fmt.Errorf("duties: %w", err)
	}
	r.schedulers = []gocron.Scheduler{everyone, elected}
	for _, d := range duties {
		s := everyone
		if d.Single {
			s = elected
		}
		_, err := s.NewJob(gocron.DurationJob(d.Every), gocron.NewTask(do, opts.Logger, d), gocron.WithName(d.Name), gocron.WithContext(ctx),
			gocron.WithSingletonMode(gocron.LimitModeReschedule), gocron.WithStartAt(gocron.WithStartImmediately()))
		if err != nil {
			return nil, errors.Join(fmt.Errorf("duty %s: %w", d.Name, err), r.Stop())
		}
	}
	for _, s := range r.schedulers {
		s.Start()
	}
	return r, nil
}

// IsLeader says, by its error, whether this master does the single duties: whether it has their lease, which it takes
// or renews by asking.
func (r *Runner) IsLeader(ctx context.Context) error {
	held, err := r.opts.Leases.Acquire(ctx, "duties", r.opts.Holder, leaseLength)
	if err == nil && !held {
		err = errNotElected
	}
	return err
}

// do does a duty once and logs how it failed.
func do(ctx context.Context, log *slog.Logger, d Duty) {
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(d.Timeout, time.Minute))
	defer cancel()
	defer func() {
		if v := recover(); v != nil {
			log.Error("duty panicked", "duty", d.Name, "panic", v, "stack", string(debug.Stack()))
		}
	}()
	if err := d.Run(ctx); err != nil && !errors.Is(err, context.Canceled) {
		log.Error("duty failed", "duty", d.Name, "error", err)
	}
}

// Stop ends the duties and waits for those under way.
func (r *Runner) Stop() error {
	var errs []error
	for _, s := range r.schedulers {
		errs = append(errs, s.Shutdown())
	}
	return errors.Join(errs...)
}
