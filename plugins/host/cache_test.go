package host

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/plugins/pack"
)

func TestPackageIsFetchedOnceForAll(t *testing.T) {
	t.Parallel()
	b := build(t, pkgSpec{ballast: 20_000})
	s := newShelf(b)
	h := open(t, Options{Fetch: s.fetch})
	var all []*pending
	for range 10 {
		all = append(all, begin(t, h, b.call("greet")))
	}
	for _, p := range all {
		require.Equal(t, core.RunSucceeded, p.outcome(t).State)
	}
	require.Equal(t, (len(b.file)+s.piece-1)/s.piece, s.count(), "each piece once")
	require.Equal(t, 1, h.pool.started, "and one process for all")
}

func TestFetchGoesOnWhereItWasInterrupted(t *testing.T) {
	t.Parallel()
	b := build(t, pkgSpec{ballast: 40_000})
	s := newShelf(b)
	failed := map[int]bool{}
	reached, stuck := make(chan struct{}), true
	s.fault = func(_ string, number int) error {
		if number == 7 && stuck {
			stuck = false
			close(reached)
			return errors.New("the stream was lost")
		}
		if number%2 == 1 && !failed[number] { // every second piece fails once
			failed[number] = true
			return errors.New("the stream was lost")
		}
		return nil
	}
	h := open(t, Options{Fetch: s.fetch})
	p := begin(t, h, b.call("greet"))
	<-reached
	p.cancel(errStopped) // nobody waits for the package for a moment
	require.Equal(t, core.RunCancelled, p.outcome(t).State)
	o, _ := perform(t, h, b.call("greet"))
	require.Equal(t, core.RunSucceeded, o.State, o.Result.Reason)
	for i, piece := range s.fetched {
		require.Equal(t, fmt.Sprintf("%s %d", b.digest, i), piece, "no piece comes twice")
	}
}

func TestFetchIsGivenUp(t *testing.T) {
	t.Parallel()
	b := build(t, pkgSpec{ballast: 20_000})
	for _, c := range []struct {
		name, reason string
		retryable    bool
		fetch        func(s *shelf, digest string, number int) (Chunk, error)
	}{
		{"refused", "the package cannot be had: refused: it was deleted", false, func(*shelf, string, int) (Chunk, error) {
			return Chunk{}, fmt.Errorf("%w: it was deleted", ErrRefused)
		}},
		{"no answer", "the package did not come: for 50ms there was nothing but: no master", true, func(*shelf, string, int) (Chunk, error) {
			return Chunk{}, errors.New("no master")
		}},
		{"another file", "the package that came has the digest ", true, func(s *shelf, digest string, number int) (Chunk, error) {
			c, err := s.fetch(t.Context(), digest, number)
			c.Data = append([]byte{'?'}, c.Data[1:]...)
			return c, err
		}},
		{"another size", "the package changed while it was fetched", true, func(s *shelf, digest string, number int) (Chunk, error) {
			c, err := s.fetch(t.Context(), digest, number)
			c.Size += int64(number)
			return c, err
		}},
		{"too much", "bytes, which cannot be", true, func(s *shelf, digest string, number int) (Chunk, error) {
			c, err := s.fetch(t.Context(), digest, number)
			c.Data = append(c.Data, make([]byte, 20_000)...)
			return c, err
		}},
		{"too little", "the package came with ", true, func(s *shelf, digest string, number int) (Chunk, error) {
			c, err := s.fetch(t.Context(), digest, number)
			c.Data = c.Data[1:]
			return c, err
		}},
		{"nothing", "has 0 bytes, which cannot be", true, func(s *shelf, digest string, number int) (Chunk, error) {
			c, err := s.fetch(t.Context(), digest, number)
			c.Data = nil
			return c, err
		}},
		{"too large", "bytes in 5 pieces: from 1 to 30000 bytes are taken here", true, func(*shelf, string, int) (Chunk, error) {
			return Chunk{Data: []byte{1}, Chunks: 5, Size: 1 << 40}, nil
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(b)
			h := open(t, Options{FetchPatience: 50 * time.Millisecond, Package: pack.Limits{Packed: 30_000}, Fetch: fetchFunc(s, c.fetch)})
			o, _ := perform(t, h, b.call("greet"))
			require.Equal(t, core.RunFailed, o.State)
			require.Contains(t, o.Result.Reason, c.reason)
			require.Equal(t, c.retryable, o.Retryable)
			left, err := os.ReadDir(h.places.packages)
			require.NoError(t, err)
			require.Empty(t, left, "nothing is left behind")
			require.Empty(t, h.cache.entries)
		})
	}
}

func TestCachedPackageIsVerifiedWhenItIsFirstUsed(t *testing.T) {
	t.Parallel()
	b := build(t, pkgSpec{ballast: 5000})
	dir := t.TempDir()
	s := newShelf(b)
	h := open(t, Options{Dir: dir, Fetch: s.fetch})
	succeed[any](t, h, b.call("greet"))
	h.Close()
	pieces := s.count()

	h = open(t, Options{Dir: dir, Fetch: s.fetch})
	succeed[any](t, h, b.call("greet"))
	require.Equal(t, pieces, s.count(), "what is whole is not fetched again")
	h.Close()

	file := filepath.Join(dir, "packages", b.digest+".zip")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	text[len(text)/2] ^= 1
	require.NoError(t, os.WriteFile(file, text, 0o600))
	h = open(t, Options{Dir: dir, Fetch: s.fetch})
	succeed[any](t, h, b.call("greet"))
	require.Equal(t, 2*pieces, s.count(), "what is damaged is")
}

func TestExecutableThatWasChangedIsNotStarted(t *testing.T) {
	t.Parallel()
	b := build(t, pkgSpec{})
	s := newShelf(b)
	h := open(t, Options{Fetch: s.fetch})
	succeed[any](t, h, b.call("greet"))
	pieces := s.count()
	path := h.cache.entries[b.digest].installed.path
	stolen := filepath.Join(t.TempDir(), "stolen")
	require.NoError(t, os.Chmod(path, 0o700)) //nolint:gosec // as root would
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\ntouch "+stolen+"\n"), 0o600))

	// The process that runs goes on; another is started from the package itself.
	c := b.call("greet")
	c.Isolated = true
	succeed[any](t, h, c)
	require.NoFileExists(t, stolen)
	require.Equal(t, pieces, s.count())
	require.Len(t, h.cache.entries[b.digest].former, 1)
	h.pool.tend(time.Now().Add(h.o.IdleTime))
	h.requireNoProcess(t)
	require.Eventually(t, func() bool {
		left, err := os.ReadDir(h.places.files)
		require.NoError(t, err)
		return len(left) == 1
	}, patience, 5*time.Millisecond, "the changed files are removed")
}

func TestCacheRemovesWhatWasNotUsedForLongest(t *testing.T) {
	t.Parallel()
	const size = 100_000
	var all []*built
	for i := range 4 {
		all = append(all, build(t, pkgSpec{version: fmt.Sprintf("1.0.%d", i), ballast: size}))
	}
	dir := t.TempDir()
	s := newShelf(all...)
	o := Options{Dir: dir, Fetch: s.fetch, CacheSize: 5 * size} // two, packed and unpacked
	h := open(t, o)
	run := func(i int) {
		c := all[i].call("greet")
		c.Isolated = true
		succeed[any](t, h, c)
	}
	inUse := begin(t, h, all[0].call("hang"))
	inUse.await(t, "hanging")
	run(1)
	run(2)
	cached := func() (versions string) {
		h.cache.mu.Lock()
		defer h.cache.mu.Unlock()
		for i, b := range all {
			if _, err := os.Stat(h.cache.file(b.digest)); err == nil {
				require.Contains(t, h.cache.entries, b.digest)
				versions += fmt.Sprint(i)
			}
		}
		return versions
	}
	require.Equal(t, "02", cached(), "0 is the oldest, and in use")
	h.Close()
	require.Equal(t, core.RunLost, inUse.outcome(t).State)

	// Which was used last is known to the next host, too.
	h = open(t, o)
	require.Equal(t, "02", cached())
	run(3)
	require.Equal(t, "023", cached(), "what is not unpacked takes half the place")
	run(2)
	run(3)
	require.Equal(t, "23", cached())
}

func TestPullPolicy(t *testing.T) {
	t.Parallel()
	var all []*built
	for _, version := range []string{"1.0.0", "1.2.0", "2.0.0-rc.1", "2.0.0"} {
		all = append(all, build(t, pkgSpec{version: version}))
	}
	dir := t.TempDir()
	h := with(t, Options{Dir: dir}, all...)
	request := func(i int, policy string, pinned bool) string {
		c := all[i].call("greet")
		c.PullPolicy, c.Pinned = policy, pinned
		o, _ := perform(t, h, c)
		require.Equal(t, core.RunSucceeded, o.State, o.Result.Reason)
		return strings.TrimSuffix(strings.TrimPrefix(o.Result.Request, "plugin test@"), " greet")
	}
	require.Equal(t, "1.0.0", request(0, core.PullIfNotPresent, false), "it has none")
	require.Equal(t, "1.0.0", request(1, core.PullIfNotPresent, false), "it goes on with what it has")
	require.Equal(t, "1.2.0", request(1, core.PullAlways, false))
	require.Equal(t, "1.2.0", request(0, core.PullIfNotPresent, false), "which is the latest that it has")
	require.Equal(t, "1.0.0", request(0, core.PullIfNotPresent, true), "unless the task says which")
	require.Equal(t, "2.0.0-rc.1", request(2, core.PullAlways, false))
	require.Equal(t, "1.2.0", request(0, core.PullIfNotPresent, false), "a prerelease is no release")
	h.Close()
	h = with(t, Options{Dir: dir}, all...)
	require.Equal(t, "1.2.0", request(3, core.PullIfNotPresent, false), "a new host has what the one before had")
}

func TestOnlySignedPackagesRunWhenKeysAreSet(t *testing.T) {
	t.Parallel()
	public, private, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	_, foreign, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	signed, other, unsigned := build(t, pkgSpec{key: private}), build(t, pkgSpec{key: foreign}), build(t, pkgSpec{})
	dir := t.TempDir()
	h := with(t, Options{Dir: dir}, signed, other, unsigned)
	succeed[any](t, h, unsigned.call("greet"))
	h.Close()

	h = with(t, Options{Dir: dir, Keys: []ed25519.PublicKey{public}}, signed, other, unsigned)
	succeed[any](t, h, signed.call("greet"))
	for reason, b := range map[string]*built{
		"the package is refused: package: is not signed; only signed packages are taken here": unsigned, // although it is cached
		"the package is refused: package: is not signed with a key that is trusted here":      other,
	} {
		o, _ := perform(t, h, b.call("greet"))
		require.Equal(t, core.RunFailed, o.State)
		require.Equal(t, reason, o.Result.Reason)
		require.False(t, o.Retryable)
	}
}
