package auth

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func TestRightCredentialsPass(t *testing.T) {
	t.Parallel()
	for _, fresh := range []bool{false, true} {
		s, _ := setup(t, fresh)
		for range 3 {
			u, err := s.CheckSecret(t.Context(), name, rightSecret(), host)
			require.NoError(t, err)
			require.Equal(t, name, u.Name)
			require.Equal(t, core.RoleDeveloper, u.Role)
			require.Empty(t, u.PasswordHash+u.SecretHash)

			_, err = s.CheckPassword(t.Context(), name, pass, host)
			require.NoError(t, err)
		}
		if fresh {
			require.EqualValues(t, 2, s.proofs.slow.Load(), "one slow hash for each credential")
		} else {
			require.Zero(t, s.proofs.slow.Load(), "what was just set needs no proof")
		}
	}
}

// What is stored must not let anybody in.
func TestStoredHashesAreNoCredentials(t *testing.T) {
	t.Parallel()
	s, m := setup(t, true)
	row := m.users[name]
	require.NotContains(t, row.PasswordHash+row.SecretHash, pass)
	require.NotContains(t, row.PasswordHash+row.SecretHash, rightSecret())
	require.NotEqual(t, row.PasswordHash, row.SecretHash)
	for _, leaked := range []string{row.PasswordHash, row.SecretHash, row.SecretHash[len(row.SecretHash)-32:], pass, ""} {
		u, err := s.CheckSecret(t.Context(), name, leaked, host)
		requireRefused(t, u, err)
	}
	for _, leaked := range []string{row.PasswordHash, row.SecretHash, rightSecret(), "", strings.Repeat("x", 100_000)} {
		u, err := s.CheckPassword(t.Context(), name, leaked, host)
		requireRefused(t, u, err)
	}
}

func TestRefusalsLookAlike(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, m := setup(t, true)
		_, err := s.Add(t.Context(), "gone", pass, core.RoleViewer, "")
		require.NoError(t, err)
		require.NoError(t, s.SetDisabled(t.Context(), "gone", true))
		_, err = s.CheckSecret(t.Context(), name, rightSecret(), host)
		require.NoError(t, err)
		for what, c := range map[string][2]string{
			"wrong secret":          {name, wrongSecret(1)},
			"wrong secret again":    {name, wrongSecret(1)},
			"no secret's form":      {name, "x"},
			"unknown name":          {"nobody", rightSecret()},
			"other case":            {"Shop", rightSecret()},
			"disabled":              {"gone", core.APISecret("gone", pass)},
			"name longer than ever": {strings.Repeat("n", 5000), rightSecret()},
			"no name":               {"", rightSecret()},
		} {
			began := time.Now()
			u, err := s.CheckSecret(t.Context(), c[0], c[1], what)
			requireRefused(t, u, err)
			require.EqualError(t, err, "the user name or its password or secret is wrong", what)
			require.Equal(t, s.opts.RefuseAfter, time.Since(began), what)
		}
		require.Len(t, m.users, 2)
	})
}

// Once the right value is known, a wrong one costs no slow hash; before, equal wrong values cost one.
func TestWrongValuesAreCheap(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := setup(t, true)
		for range 5 {
			u, err := s.CheckSecret(t.Context(), name, wrongSecret(1), host)
			requireRefused(t, u, err)
		}
		require.EqualValues(t, 1, s.proofs.slow.Load())
		_, err := s.CheckSecret(t.Context(), name, rightSecret(), host)
		require.NoError(t, err)
		require.EqualValues(t, 2, s.proofs.slow.Load())
		for n := range 20 {
			u, err := s.CheckSecret(t.Context(), name, wrongSecret(n), host)
			requireRefused(t, u, err)
		}
		require.EqualValues(t, 2, s.proofs.slow.Load())
	})
}

func TestEqualChecksAtOnceShareOneHash(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, m := setup(t, true)
		s.proofs.hashing <- struct{}{} // somebody else's hash is being made
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				_, err := s.CheckSecret(t.Context(), name, rightSecret(), host)
				require.NoError(t, err)
			})
		}
		synctest.Wait()
		<-s.proofs.hashing
		wg.Wait()
		require.EqualValues(t, 1, s.proofs.slow.Load())
		require.LessOrEqual(t, m.reads, 50)
	})
}

// A caller that leaves while others wait for the same hash takes nobody along, and those who wait for another hash learn
// from the one that was made.
func TestLeavingWhileWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := setup(t, true)
		s.proofs.hashing <- struct{}{}
		ctx, leave := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := s.CheckSecret(ctx, name, rightSecret(), host)
			require.ErrorIs(t, err, context.Canceled)
		})
		synctest.Wait()
		for range 3 {
			wg.Go(func() {
				_, err := s.CheckSecret(t.Context(), name, rightSecret(), host)
				require.NoError(t, err)
			})
		}
		synctest.Wait()
		leave()
		synctest.Wait()
		for n := range 5 {
			wg.Go(func() {
				u, err := s.CheckSecret(t.Context(), name, wrongSecret(n), host)
				requireRefused(t, u, err)
			})
		}
		synctest.Wait()
		<-s.proofs.hashing
		wg.Wait()
		require.EqualValues(t, 1, s.proofs.slow.Load(), "those in line after the right value need no hash")
	})
}

func TestDisabledElsewhereIsOutWithinASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, m := setup(t, false)
		check := func() error {
			_, err := s.CheckSecret(t.Context(), name, rightSecret(), host)
			return err
		}
		require.NoError(t, check())
		reads := m.reads
		for range 100 {
			require.NoError(t, check())
		}
		require.Equal(t, reads, m.reads, "a row is not read at each call")

		m.edit(name, func(u *core.User) { u.Disabled = true })
		require.NoError(t, check())
		time.Sleep(time.Second)
		require.Equal(t, core.CodeUnauthenticated, core.CodeOf(check()))
	})
}

func TestChangesHoldAtOnce(t *testing.T) {
	t.Parallel()
	s, _ := setup(t, false)
	ctx := t.Context()
	check := func(password string) error {
		_, err1 := s.CheckSecret(ctx, name, core.APISecret(name, password), host)
		_, err2 := s.CheckPassword(ctx, name, password, host)
		require.Equal(t, core.CodeOf(err1), core.CodeOf(err2))
		return err1
	}
	require.NoError(t, check(pass))
	require.NoError(t, s.SetPassword(ctx, name, "battery staple"))
	require.Error(t, check(pass))
	require.NoError(t, check("battery staple"))
	require.NoError(t, s.SetDisabled(ctx, name, true))
	require.Error(t, check("battery staple"))
	require.NoError(t, s.SetDisabled(ctx, name, false))
	require.NoError(t, check("battery staple"))
}

// A row that was read before a change must not be kept after it.
func TestReadThatAChangeOvertakes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, m := setup(t, false)
		hold := make(chan struct{})
		m.reading = func() { <-hold }
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = s.CheckSecret(t.Context(), name, rightSecret(), host) })
		synctest.Wait()
		m.mu.Lock()
		m.reading = nil
		m.mu.Unlock()
		require.NoError(t, s.SetDisabled(t.Context(), name, true))
		u, err := s.CheckSecret(t.Context(), name, rightSecret(), host)
		requireRefused(t, u, err)
		close(hold)
		wg.Wait()
		u, err = s.CheckSecret(t.Context(), name, rightSecret(), host)
		requireRefused(t, u, err)
	})
}

func TestPasswordChangedElsewhere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, m := setup(t, false)
		_, err := s.CheckSecret(t.Context(), name, rightSecret(), host)
		require.NoError(t, err)
		require.NoError(t, open(t, m).SetPassword(t.Context(), name, "battery staple"))
		time.Sleep(rowAge)
		u, err := s.CheckSecret(t.Context(), name, rightSecret(), host)
		requireRefused(t, u, err)
		_, err = s.CheckSecret(t.Context(), name, core.APISecret(name, "battery staple"), host)
		require.NoError(t, err)
	})
}

func TestDatabaseOutOfReachIsNoRefusal(t *testing.T) {
	t.Parallel()
	s, m := setup(t, false)
	m.broken = errors.New("disk I/O error")
	u, err := s.CheckSecret(t.Context(), name, rightSecret(), host)
	require.Nil(t, u)
	require.ErrorIs(t, err, m.broken)
	require.Empty(t, core.CodeOf(err))
}

func TestOptions(t *testing.T) {
	t.Parallel()
	log := slog.New(slog.DiscardHandler)
	for _, bad := range []Options{
		{}, {Store: &memory{}}, {Logger: log},
		{Store: &memory{}, Logger: log, Cost: Cost{MemoryKiB: 1, Passes: 1}},
		{Store: &memory{}, Logger: log, Hashes: -1},
		{Store: &memory{}, Logger: log, RefuseAfter: -1},
	} {
		_, err := New(bad)
		require.Error(t, err)
	}
	s, err := New(Options{Store: &memory{}, Logger: log})
	require.NoError(t, err)
	require.Equal(t, Cost{MemoryKiB: 19456, Passes: 2}, s.opts.Cost)
}

// The path of every API call: a value that was found right before. It must take less than 2 µs.
func BenchmarkCheckSecret(b *testing.B) {
	s, _ := setup(b, false)
	value, ctx := rightSecret(), context.Background()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.CheckSecret(ctx, name, value, host); err != nil {
			b.Fatal(err)
		}
	}
}

// One slow hash at the default cost.
func BenchmarkSlowHash(b *testing.B) {
	stored := DefaultCost().hash(pass)
	b.ReportAllocs()
	for b.Loop() {
		if ok, err := matches(stored, pass); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}
