package manage

import (
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/store"
)

func TestNewNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	whole := func() Options {
		return Options{
			Store: &store.Store{}, Logger: slog.New(slog.DiscardHandler), Route: route,
			Wake: func(time.Time) {}, Cancel: func() {},
		}
	}
	_, err := New(whole())
	require.NoError(t, err)
	for says, spoil := range map[string]func(*Options){
		"the store is required":             func(o *Options) { o.Store = nil },
		"the logger is required":            func(o *Options) { o.Logger = nil },
		"the route is required":             func(o *Options) { o.Route = nil },
		"both Wake and Cancel are required": func(o *Options) { o.Wake = nil },
		"manage: both Wake and Cancel":      func(o *Options) { o.Cancel = nil },
		"the horizon must not be negative":  func(o *Options) { o.Horizon = -1 },
	} {
		opts := whole()
		spoil(&opts)
		_, err := New(opts)
		require.ErrorContains(t, err, says)
	}
}

func TestDefaultIDsAreOrderedByTime(t *testing.T) {
	t.Parallel()
	b := setup(t)
	last := ""
	for range 1000 {
		id := b.Tasks.newID()
		require.Len(t, id, 36)
		require.Greater(t, id, last)
		last = id
	}
}
