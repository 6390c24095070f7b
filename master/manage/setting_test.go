package manage

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func TestSaveSettings(t *testing.T) {
	t.Parallel()
	b := setup(t)
	before, err := b.Settings.Current(b.ctx)
	require.NoError(t, err)
	require.Equal(t, 10*time.Second, before.HTTPRequestTimeout)

	require.NoError(t, b.Settings.Save(b.ctx, b.admin, map[string]string{"Http_RequestTimeout": "25", "Email_FromAccountPwd": "hush"}))
	now, err := b.Settings.Current(b.ctx)
	require.NoError(t, err)
	require.Equal(t, 25*time.Second, now.HTTPRequestTimeout, "what was saved is in force at once here")
	values, err := b.Settings.Values(b.ctx)
	require.NoError(t, err)
	require.Len(t, values, len(core.SettingSpecs()))
	require.Equal(t, "25", values["Http_RequestTimeout"])
	require.Equal(t, "3", values["DelayTask_RetryTimes"], "a default is shown")
	require.Equal(t, Mask, values["Email_FromAccountPwd"])

	// A page gives back all it was shown: the secret stays what it was.
	values["Http_RequestTimeout"] = "30"
	require.NoError(t, b.Settings.Save(b.ctx, b.admin, values))
	now, err = b.Settings.Current(b.ctx)
	require.NoError(t, err)
	require.Equal(t, "hush", now.SMTPPassword)
	require.Equal(t, 30*time.Second, now.HTTPRequestTimeout)
	require.NoError(t, b.Settings.Save(b.ctx, b.admin, map[string]string{"Email_FromAccountPwd": Mask}))

	require.NoError(t, b.Settings.Save(b.ctx, b.admin, map[string]string{"Email_FromAccountPwd": ""}))
	values, err = b.Settings.Values(b.ctx)
	require.NoError(t, err)
	require.Empty(t, values["Email_FromAccountPwd"], "a secret that is not set is not masked")
}

func TestSaveSettingsAllOrNone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	save := func(values map[string]string) error { return b.Settings.Save(b.ctx, b.admin, values) }
	requireError(t, save(map[string]string{"Http_RequestTimeout": "25", "Zeta": "1", "Alpha": "2"}),
		core.CodeRule, "settings", "there is no setting named Alpha, Zeta")
	requireError(t, save(map[string]string{"Http_RequestTimeout": "25", "DelayTask_RetryTimes": "many"}),
		core.CodeRule, "DelayTask_RetryTimes", "must be a whole number from 0 to 100")
	requireError(t, save(map[string]string{"http_requesttimeout": "25"}), core.CodeRule, "settings", "http_requesttimeout")
	stored, err := b.store.Settings(b.ctx)
	require.NoError(t, err)
	require.Empty(t, stored)
}

// slowStore holds settings in memory; a read takes a second of virtual time.
type slowStore struct {
	mu     sync.Mutex
	values map[string]string
	err    error
	reads  atomic.Int32
	takes  time.Duration
}

func (s *slowStore) Settings(context.Context) (map[string]string, error) {
	s.reads.Add(1)
	time.Sleep(s.takes)
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.values), s.err
}

func (s *slowStore) SaveSettings(_ context.Context, values map[string]string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values = values
	return s.err
}

func TestCurrentSettingsAreReadOnceASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stored := &slowStore{}
		s := &Settings{store: stored, log: slog.New(slog.DiscardHandler)}
		get := func() core.Settings {
			got, err := s.Current(t.Context())
			require.NoError(t, err)
			return got
		}
		require.Equal(t, 3, get().DelayRetryTimes)
		stored.values = map[string]string{"DelayTask_RetryTimes": "4"} // saved by another master
		time.Sleep(SettingsAge - time.Nanosecond)
		require.Equal(t, 3, get().DelayRetryTimes)
		require.Equal(t, int32(1), stored.reads.Load())
		time.Sleep(time.Nanosecond)
		require.Equal(t, 4, get().DelayRetryTimes)
		require.Equal(t, int32(2), stored.reads.Load())

		require.NoError(t, s.Save(t.Context(), &core.User{}, map[string]string{"DelayTask_RetryTimes": "5"}))
		require.Equal(t, 5, get().DelayRetryTimes)
	})
}

func TestCurrentSettingsAreReadForManyAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stored := &slowStore{takes: 5 * time.Second}
		s := &Settings{store: stored}
		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var wg sync.WaitGroup
		wg.Go(func() { // the first to ask gives up; the others do not suffer for it
			_, err := s.Current(impatient)
			require.ErrorIs(t, err, context.DeadlineExceeded)
		})
		synctest.Wait()
		for range 100 {
			wg.Go(func() {
				got, err := s.Current(t.Context())
				require.NoError(t, err)
				require.Equal(t, 3, got.DelayRetryTimes)
			})
		}
		wg.Wait()
		require.Equal(t, int32(1), stored.reads.Load())
	})
}

func TestCurrentSettingsTellAFailure(t *testing.T) {
	t.Parallel()
	broken := errors.New("disk full")
	stored := &slowStore{err: broken}
	s := &Settings{store: stored, log: slog.New(slog.DiscardHandler)}
	_, err := s.Current(t.Context())
	require.ErrorIs(t, err, broken)
	require.ErrorIs(t, s.Save(t.Context(), &core.User{}, map[string]string{"DelayTask_RetryTimes": "5"}), broken)
	stored.err = nil
	_, err = s.Current(t.Context())
	require.NoError(t, err, "a failure is not kept")
}

// One bad row of the table must not keep workers from joining and runs from going out.
func TestSettingThatCannotBeReadHasItsDefault(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		stored := &slowStore{values: map[string]string{"System_WorkerUnHealthTimes": "many", "DelayTask_RetryTimes": "7"}}
		s := &Settings{store: stored, log: slog.New(slog.NewTextHandler(&log, nil))}
		get := func() core.Settings {
			time.Sleep(SettingsAge)
			got, err := s.Current(t.Context())
			require.NoError(t, err)
			return got
		}
		told := func() int { return strings.Count(log.String(), "name=System_WorkerUnHealthTimes") }
		for range 10 {
			got := get()
			require.Equal(t, core.Lease, got.WorkerLease())
			require.Equal(t, 7, got.DelayRetryTimes, "the others are as they are stored")
		}
		require.Equal(t, 1, told())
		require.NotContains(t, log.String(), "many", "another one may be a secret")

		stored.values["System_WorkerUnHealthTimes"] = "1"
		get()
		require.Equal(t, 2, told(), "somebody tried again")
		stored.values["System_WorkerUnHealthTimes"] = "5"
		got := get()
		require.Equal(t, 5, got.UnhealthTimes)
		stored.values["System_WorkerUnHealthTimes"] = "1"
		get()
		require.Equal(t, 3, told())
	})
}
