package join

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/store"
)

var ada = &core.User{ID: 7, Name: "ada"}

func setup(s *store.Store) (*Tokens, *bytes.Buffer) {
	var log bytes.Buffer
	return New(s, slog.New(slog.NewTextHandler(&log, nil))), &log
}

// virtually runs a test in a bubble, whose time is the database's too.
func virtually(t *testing.T, test func(t *testing.T, tokens *Tokens, log *bytes.Buffer)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tokens, log := setup(testdb.Open(t))
		test(t, tokens, log)
	})
}

func (tk *Tokens) admits(t *testing.T, token string) Admission {
	t.Helper()
	a, err := tk.Admit(t.Context(), token)
	require.NoError(t, err)
	return a
}

func (tk *Tokens) rotate(t *testing.T, grace time.Duration) string {
	t.Helper()
	token, until, err := tk.Rotate(t.Context(), ada, grace)
	require.NoError(t, err)
	require.Equal(t, tk.store.Now().Add(grace).UnixMicro(), until.UnixMicro())
	require.GreaterOrEqual(t, len(token), 16)
	require.Equal(t, token, tk.current(t))
	return token
}

func (tk *Tokens) current(t *testing.T) string {
	t.Helper()
	token, err := tk.Current(t.Context())
	require.NoError(t, err)
	return token
}

func TestMastersThatStartAtOnceAgree(t *testing.T) {
	t.Parallel()
	s := testdb.Open(t)
	found := make([]string, 8)
	var all sync.WaitGroup
	for i := range found {
		all.Go(func() {
			tokens, _ := setup(s)
			found[i], _ = tokens.Current(t.Context())
		})
	}
	all.Wait()
	for _, token := range found {
		require.Equal(t, found[0], token)
	}
	require.GreaterOrEqual(t, len(found[0]), 16)
	other, _ := setup(testdb.Open(t))
	require.NotEqual(t, found[0], other.current(t))
}

// The new token is in force at once, at every master; the one before is accepted for its grace and not a moment longer.
func TestRotation(t *testing.T) {
	virtually(t, func(t *testing.T, tokens *Tokens, log *bytes.Buffer) {
		first := tokens.current(t)
		second := tokens.rotate(t, time.Hour)
		require.NotEqual(t, first, second)
		until := tokens.store.Now().Add(time.Hour).UTC().Truncate(time.Microsecond)
		another := New(tokens.store, slog.New(slog.DiscardHandler))
		for _, master := range []*Tokens{tokens, another} {
			require.Equal(t, Admission{Admitted: true}, master.admits(t, second))
			require.Equal(t, Admission{Admitted: true, FormerUntil: until}, master.admits(t, first))
			for _, wrong := range []string{"", "x", first[1:], second + "x", hash(first)} {
				require.Zero(t, master.admits(t, wrong), wrong)
			}
		}
		time.Sleep(time.Hour - time.Microsecond)
		require.True(t, tokens.admits(t, first).Admitted)
		time.Sleep(time.Microsecond)
		require.False(t, tokens.admits(t, first).Admitted)
		require.True(t, tokens.admits(t, second).Admitted)
		require.Contains(t, log.String(), "by=ada")
		require.NotContains(t, log.String(), first)
		require.NotContains(t, log.String(), second)
	})
}

func TestGracesOfSeveralRotations(t *testing.T) {
	virtually(t, func(t *testing.T, tokens *Tokens, _ *bytes.Buffer) {
		first := tokens.current(t)
		second := tokens.rotate(t, time.Hour)
		time.Sleep(time.Minute)
		third := tokens.rotate(t, 2*time.Hour)
		require.Equal(t, 59*time.Minute, tokens.admits(t, first).FormerUntil.Sub(tokens.store.Now()).Round(time.Second))
		require.True(t, tokens.admits(t, second).Admitted)
		time.Sleep(time.Hour)
		require.False(t, tokens.admits(t, first).Admitted)
		require.True(t, tokens.admits(t, second).Admitted)
		fourth := tokens.rotate(t, 0)
		for _, former := range []string{first, second, third} {
			require.False(t, tokens.admits(t, former).Admitted, "who rotates without grace wants every earlier one out of use")
		}
		require.True(t, tokens.admits(t, fourth).Admitted)
		for range 2 * maxFormers {
			fourth = tokens.rotate(t, time.Hour)
		}
		require.True(t, tokens.admits(t, fourth).Admitted)
		_, former, err := tokens.read(t.Context())
		require.NoError(t, err)
		require.Len(t, former, maxFormers)
	})
}

func TestGraceIsBounded(t *testing.T) {
	t.Parallel()
	tokens, _ := setup(testdb.Open(t))
	before := tokens.current(t)
	for _, grace := range []time.Duration{-1, MaxGrace + 1} {
		_, _, err := tokens.Rotate(t.Context(), ada, grace)
		require.Equal(t, core.CodeRule, core.CodeOf(err))
	}
	require.Equal(t, before, tokens.current(t))
}

// Of many rotations at once none loses what another rotated away: each token that was ever in force is accepted.
func TestRotationsAtOnce(t *testing.T) {
	t.Parallel()
	s := testdb.Open(t)
	tokens, _ := setup(s)
	made := []string{tokens.current(t)}
	var mu sync.Mutex
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			mine, _ := setup(s)
			if token, _, err := mine.Rotate(t.Context(), ada, time.Hour); err == nil {
				mu.Lock()
				made = append(made, token)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	require.Greater(t, len(made), 1)
	inForce := 0
	for _, token := range made {
		a := tokens.admits(t, token)
		require.True(t, a.Admitted)
		if a.FormerUntil.IsZero() {
			inForce++
		}
	}
	require.Equal(t, 1, inForce)
}

// A token that a master is given is put in force; one that was rotated away is not brought back by a restart.
func TestTokenThatAMasterIsGiven(t *testing.T) {
	virtually(t, func(t *testing.T, tokens *Tokens, log *bytes.Buffer) {
		offer := func(token string) { require.NoError(t, tokens.Offer(t.Context(), token)) }
		first, second := strings.Repeat("1", 20), strings.Repeat("2", 20)
		offer(first)
		require.Equal(t, first, tokens.current(t), "the first of all")
		offer(first)
		require.Empty(t, log.String(), "nothing new")

		offer(second)
		require.Equal(t, second, tokens.current(t), "the masters are restarted with another, one after the other")
		require.Equal(t, DefaultGrace, tokens.admits(t, first).FormerUntil.Sub(tokens.store.Now()).Round(time.Second), "workers have time to follow")
		offer(first)
		require.Equal(t, second, tokens.current(t), "one that comes with the old one undoes nothing")
		require.Contains(t, log.String(), "rotated away")

		third := tokens.rotate(t, time.Hour)
		time.Sleep(48 * time.Hour)
		offer(second)
		require.Equal(t, third, tokens.current(t), "nor long after")
		require.False(t, tokens.admits(t, second).Admitted)
		for _, token := range []string{first, second, third} {
			require.NotContains(t, log.String(), token)
		}
	})
}
