package alert

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

const (
	// Spacing is the least time between two messages about one subject.
	Spacing = 5 * time.Minute
	// MaxTries is how often telling of a failure is tried.
	MaxTries = 10
	// maxDue is how many notices one pass takes, and so how many failures one message can stand for.
	maxDue = 10_000
	// toldFor is how long it is remembered who was told of a notice that others are still to be told of: longer than all
	// its tries take.
	toldFor = 24 * time.Hour
)

// Store is what alerting needs of the store.
type Store interface {
	DueNotices(ctx context.Context, limit int) ([]store.Notice, error)
	DeleteNotices(ctx context.Context, runIDs []string) error
	PostponeNotices(ctx context.Context, runIDs []string, next time.Time, countTry bool) error
	Run(ctx context.Context, id string) (*core.Run, error)
	Task(ctx context.Context, id string) (*core.Task, error)
	Delayed(ctx context.Context, id string) (*core.DelayedTask, error)
	Users(ctx context.Context) ([]*core.User, error)
	Now() time.Time
}

// SettingsSource gives the settings in force.
type SettingsSource interface {
	Current(ctx context.Context) (core.Settings, error)
}

// Options says what a Notifier works with.
type Options struct {
	Store    Store          // required
	Settings SettingsSource // required
	Logger   *slog.Logger   // required
	// Channels are the ways to reach people. Defaults to Channels().
	Channels []Kind
	// Zone is the time zone of the instants in messages. Defaults to time.Local.
	Zone *time.Location
}

// Notifier tells people of failures. Its RunOnce is called every few seconds on one master.
type Notifier struct {
	opts  Options
	mu    sync.Mutex            // held by RunOnce
	quiet map[subject]time.Time // until when a subject is not told of
	told  map[string]receipt    // by run id, for notices that others are still to be told of
}

// subject is what failures are told of together: a task, or all delayed tasks of one creator.
type subject struct {
	taskID  string
	creator int64
}

// receipt says who was told of a run, and when.
type receipt struct {
	readers []reader
	at      time.Time
}

// reader is a user who is told through a channel.
type reader struct {
	user    int64
	channel string
}

// New makes a Notifier. It fails when a required option is missing.
func New(opts Options) (*Notifier, error) {
	if opts.Store == nil || opts.Settings == nil || opts.Logger == nil {
		return nil, errors.New("alert: a store, settings and a logger are required")
	}
	if opts.Channels == nil {
		opts.Channels = Channels()
	}
	if opts.Zone == nil {
		opts.Zone = time.Local
	}
	return &Notifier{opts: opts, quiet: map[subject]time.Time{}, told: map[string]receipt{}}, nil
}

// RunOnce tells of all failures that are due. Its error is the database's or the settings'; a message that cannot be
// delivered is logged and tried again later.
func (n *Notifier) RunOnce(ctx context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := n.opts.Store.Now()
	maps.DeleteFunc(n.quiet, func(_ subject, until time.Time) bool { return !now.Before(until) })
	maps.DeleteFunc(n.told, func(_ string, r receipt) bool { return now.Sub(r.at) > toldFor })

	due, err := n.opts.Store.DueNotices(ctx, maxDue)
	if err != nil || len(due) == 0 {
		return err
	}
	settings, err := n.opts.Settings.Current(ctx)
	if err != nil {
		return err
	}
	channels := n.open(settings)
	if len(channels) == 0 {
		n.opts.Logger.DebugContext(ctx, "nobody is told of failures: no mail server is set up", "failures", len(due))
		return n.opts.Store.DeleteNotices(ctx, runIDs(due))
	}
	users, err := n.opts.Store.Users(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, g := range groups(due) {
		if ctx.Err() != nil {
			break
		}
		errs = append(errs, n.serve(ctx, g, channels, users))
	}
	return errors.Join(errs...)
}

// opened is a channel under its kind's name.
type opened struct {
	Channel
	name string
}

func (n *Notifier) open(settings core.Settings) []opened {
	var channels []opened
	for _, kind := range n.opts.Channels {
		if c := kind.Open(settings); c != nil {
			channels = append(channels, opened{c, kind.Name})
		}
	}
	return channels
}

// group is the due notices of one subject.
type group struct {
	subject
	notices []store.Notice
}

// groups sorts notices by subject; the subject that has been due for longest comes first.
func groups(due []store.Notice) []*group {
	var all []*group
	bySubject := map[subject]*group{}
	for _, notice := range due {
		s := subject{taskID: notice.TaskID, creator: notice.CreatedBy}
		g := bySubject[s]
		if g == nil {
			g = &group{subject: s}
			bySubject[s] = g
			all = append(all, g)
		}
		g.notices = append(g.notices, notice)
	}
	return all
}

// last is the notice of the run with the latest due instant, which its id begins with.
func (g *group) last() store.Notice {
	return slices.MaxFunc(g.notices, func(a, b store.Notice) int { return cmp.Compare(a.RunID, b.RunID) })
}

func runIDs(notices []store.Notice) []string {
	ids := make([]string, len(notices))
	for i, notice := range notices {
		ids[i] = notice.RunID
	}
	return ids
}
