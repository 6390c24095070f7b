package schedulemaster

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/carillonhq/carillon/conf/dsn"
	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/auth"
	"github.com/carillonhq/carillon/master/manage"
	"github.com/carillonhq/carillon/master/plan"
	"github.com/carillonhq/carillon/store"
)

// Options say what to bring over and how. Fields without a default are required.
type Options struct {
	// From is the ScheduleMaster database.
	From dsn.Target
	// Store is where everything goes.
	Store *store.Store
	// Logger takes what the services say.
	Logger *slog.Logger
	// Zone is the zone of Carillon's server, in which schedules are read that name none. Defaults to the process's.
	Zone *time.Location
	// FromZone is the zone that ScheduleMaster's server runs in, when it is another one: its times are read in it, and tasks
	// with a cron expression are given it. nil means Zone.
	FromZone *time.Location
	// Start starts the tasks that run in ScheduleMaster, and brings its pending delayed tasks. It must have been stopped: both
	// systems would fire them.
	Start bool
	// AnyWorker leaves the executors of tasks out, so that any worker may take them. ScheduleMaster draws two workers for each
	// task that names none, which cannot be told from a choice.
	AnyWorker bool
	// Role is what the users may do who are brought, but for admin. Defaults to developer.
	Role core.Role
	// Cost is what it costs to make the hash of an API secret. Defaults to auth's own.
	Cost auth.Cost
	// DryRun finds out and tells the same, and writes nothing.
	DryRun bool
	// Tell is called with each line of the report. It may be nil.
	Tell func(Line)
}

func (o Options) withDefaults() (Options, error) {
	if o.Store == nil || o.Logger == nil {
		return o, errors.New("schedulemaster: Store and Logger are required")
	}
	if o.Zone == nil {
		o.Zone = time.Local
	}
	if o.Role == "" {
		o.Role = core.RoleDeveloper
	}
	if o.Tell == nil {
		o.Tell = func(Line) {}
	}
	return o, nil
}

// importer is one import under way.
type importer struct {
	Options
	source *source
	manage *manage.Service
	auth   *auth.Service
	actor  *core.User
	report *Report

	userIDs map[int64]int64  // of ScheduleMaster's users, here
	names   map[string]int64 // ids of users here, by name
	workers map[string]bool  // known names; true when one is alive
	waited  map[string]bool  // workers that tasks wait for
}

// Import brings a ScheduleMaster database over. A row that cannot be brought is told of and stops nothing; the error is of a
// database.
func Import(ctx context.Context, opts Options) (_ *Report, err error) {
	opts, err = opts.withDefaults()
	if err != nil {
		return nil, err
	}
	pool, err := open(ctx, opts.From)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	im := &importer{
		Options: opts, source: &source{pool: pool, zone: opts.Zone}, actor: &core.User{Name: "import"},
		report:  &Report{counts: map[Noun]map[Verdict]int64{}},
		userIDs: map[int64]int64{}, names: map[string]int64{}, workers: map[string]bool{}, waited: map[string]bool{},
	}
	if opts.FromZone != nil {
		im.source.zone = opts.FromZone
	}
	if err := im.wire(ctx); err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context) error{im.bringUsers, im.bringWorkers, im.bringSettings, im.bringTasks, im.bringDelayed} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	im.hintAtWorkers()
	return im.report, nil
}

// wire makes the services as a master would. A master that runs beside sees what is written within a second by itself, so
// there is nobody to wake here.
func (im *importer) wire(ctx context.Context) error {
	nodes, err := im.Store.Nodes(ctx)
	if err != nil {
		return err
	}
	var router plan.Router
	router.Refresh(nodes, im.Store.Now())
	for _, n := range nodes {
		if n.Kind == core.NodeWorker {
			im.workers[n.Name] = n.Alive(im.Store.Now())
		}
	}
	im.manage, err = manage.New(manage.Options{
		Store: im.Store, Logger: im.Logger, Zone: im.Zone, Route: router.Route, Wake: func(time.Time) {}, Cancel: func() {},
	})
	if err != nil {
		return err
	}
	im.auth, err = auth.New(auth.Options{Store: im.Store, Logger: im.Logger, Cost: im.Cost})
	return err
}

// do carries out what was decided of a row, unless it is a dry run, and tells of it. What the services refuse is left, with
// their reason; any other error ends the import.
func (im *importer) do(line Line, apply func() error) error {
	if apply != nil && !im.DryRun {
		err := apply()
		if err != nil && core.CodeOf(err) == "" {
			return fmt.Errorf("%s %s: %w", line.Noun, line.Name, err)
		}
		if err != nil {
			line.Verdict, line.Notes = Left, []string{err.Error()}
		}
	}
	im.tell(line)
	return nil
}

func (im *importer) tell(line Line) {
	im.report.count(line.Noun, line.Verdict, 1)
	if line.Verdict != AsItWas {
		im.Tell(line)
	}
}

func (im *importer) hint(format string, args ...any) {
	im.report.Hints = append(im.report.Hints, fmt.Sprintf(format, args...))
}

// hintAtWorkers names the workers that must be started for tasks to run.
func (im *importer) hintAtWorkers() {
	var absent []string
	for name := range im.waited {
		if !im.workers[name] {
			absent = append(absent, name)
		}
	}
	if len(absent) == 0 {
		return
	}
	slices.Sort(absent)
	im.hint("Tasks are for workers that are not here: %s. Start workers under these names (--name), or import with --any-worker.",
		strings.Join(absent, ", "))
}
