package manage

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/carillonhq/carillon/core"
)

// SettingsAge is how old the settings that Current gives may be.
const SettingsAge = time.Second

// Mask stands for a secret in Values.
const Mask = "********"

// Settings is the service of settings.
type Settings struct {
	store   settingStore
	log     *slog.Logger
	latest  atomic.Pointer[snapshot]
	reading singleflight.Group
	told    map[string]string // unreadable values that the log has told of, by name; of the reading
}

// settingStore keeps the settings that differ from their defaults.
type settingStore interface {
	Settings(ctx context.Context) (map[string]string, error)
	SaveSettings(ctx context.Context, values map[string]string) error
}

type snapshot struct {
	core.Settings
	at time.Time
}

// Current gives the settings in force, at most SettingsAge old. Many callers share one read of the database. A stored value
// that cannot be read counts as its default.
func (s *Settings) Current(ctx context.Context) (core.Settings, error) {
	if l := s.latest.Load(); l != nil && time.Since(l.at) < SettingsAge {
		return l.Settings, nil
	}
	// Those who wait together share the answer, so it must not depend on the first one's patience.
	answer := s.reading.DoChan("", func() (any, error) { return s.read(context.WithoutCancel(ctx)) })
	select {
	case a := <-answer:
		if a.Err != nil {
			return core.Settings{}, a.Err
		}
		return a.Val.(*snapshot).Settings, nil
	case <-ctx.Done():
		return core.Settings{}, ctx.Err()
	}
}

func (s *Settings) read(ctx context.Context) (*snapshot, error) {
	at := time.Now() // this machine's monotonic clock: only an age is measured
	stored, err := s.store.Settings(ctx)
	if err != nil {
		return nil, err
	}
	settings, unreadable := core.ReadSettings(stored)
	s.tell(ctx, stored, unreadable)
	l := &snapshot{Settings: settings, at: at}
	s.latest.Store(l)
	return l, nil
}

// tell logs, once for each value, what is stored and cannot be read. The value may be a secret, so it is not told.
func (s *Settings) tell(ctx context.Context, stored map[string]string, unreadable map[string]error) {
	told := make(map[string]string, len(unreadable))
	for name, err := range unreadable {
		told[name] = stored[name]
		if before, ok := s.told[name]; !ok || before != stored[name] {
			s.log.ErrorContext(ctx, "a stored setting cannot be read; its default is in force", "name", name, "error", err)
		}
	}
	s.told = told
}

// Values gives the value in force of every setting by name, straight from the database. A secret that is set shows as
// Mask.
func (s *Settings) Values(ctx context.Context) (map[string]string, error) {
	stored, err := s.store.Settings(ctx)
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	for _, spec := range core.SettingSpecs() {
		value, ok := stored[spec.Name]
		if !ok {
			value = spec.Default
		}
		if spec.Secret && value != "" {
			value = Mask
		}
		values[spec.Name] = value
	}
	return values, nil
}

// Save stores new values of settings by name, all or none. The Mask of a secret leaves the secret as it is. An error
// names the setting; names that are no settings are named together.
func (s *Settings) Save(ctx context.Context, actor *core.User, values map[string]string) error {
	specs := map[string]core.SettingSpec{}
	for _, spec := range core.SettingSpecs() {
		specs[spec.Name] = spec
	}
	var unknown []string
	changed := map[string]string{}
	for name, value := range values {
		spec, ok := specs[name]
		switch {
		case !ok:
			unknown = append(unknown, name)
		case !spec.Secret || value != Mask:
			changed[name] = value
		}
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		return core.Broken("settings", "there is no setting named %s", strings.Join(unknown, ", "))
	}
	names := slices.Sorted(maps.Keys(changed))
	for _, name := range names {
		if err := core.CheckSetting(name, changed[name]); err != nil {
			return err
		}
	}
	if len(names) == 0 {
		return nil
	}
	if err := s.store.SaveSettings(ctx, changed); err != nil {
		return err
	}
	s.latest.Store(nil)
	s.log.InfoContext(ctx, "settings saved", "names", names, "by", actor.Name)
	return nil
}
