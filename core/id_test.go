package core_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/carillonhq/carillon/core"
)

func TestRunIDIsAVersion8UUID(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	rapid.Check(t, func(t *rapid.T) {
		due := instants().Draw(t, "due")
		require.Regexp(t, form, core.RunID(due, rapid.String().Draw(t, "key")))
	})
}

// A fixed value: ids are stored, so how they are made may never change.
func TestRunIDIsStable(t *testing.T) {
	t.Parallel()
	due := time.Date(2026, 1, 2, 3, 4, 5, 6_000_000, time.UTC)
	require.Equal(t, "019b7ca9-8c8e-857a-9a56-a871498b3928", core.RunID(due, core.ScheduleKey("task", 1, due)))
	require.Equal(t, "019b7ca9-8c8e-0000-0000-000000000000", core.FirstRunID(due))
}

func TestRunIDFollowsItsDueInstantAndKey(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := instants().Draw(t, "a"), instants().Draw(t, "b")
		k, l := rapid.String().Draw(t, "k"), rapid.String().Draw(t, "l")
		require.Equal(t, core.RunID(a, k), core.RunID(a.In(time.FixedZone("elsewhere", 7200)), k), "the zone says nothing")
		if k != l {
			require.NotEqual(t, core.RunID(a, k), core.RunID(a, l))
		}
		if a.UnixMilli() < b.UnixMilli() {
			require.Less(t, core.RunID(a, k), core.RunID(b, l))
			require.Less(t, core.RunID(a, k), core.FirstRunID(b))
		}
		require.LessOrEqual(t, core.FirstRunID(a), core.RunID(a, k))
	})
}

// Runs of one instant lie in the order in which what they belong to was made, and their retries and children beside them.
func TestRunIDKeepsTogetherWhatWasMadeTogether(t *testing.T) {
	t.Parallel()
	due := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	const first, second = "019b7ca9-8c8e-7000-8000-aaaaaaaaaaaa", "019b7ca9-8c8e-7001-8000-000000000000"
	a, b := core.RunID(due, core.DelayedKey(first, 0)), core.RunID(due, core.DelayedKey(second, 0))
	require.Less(t, a, b)
	require.Equal(t, a[:21], core.RunID(due, core.DelayedKey(first, 1))[:21])
	require.Equal(t, a[:21], core.RunID(due, core.RetryKey(a, 2))[:21])
	require.Equal(t, a[:21], core.RunID(due, core.ChildKey(a, "child"))[:21])
	require.NotEqual(t, a, core.RunID(due, core.DelayedKey(first, 1)))
}

// The shards of a firing are a range of ids, each names its firing, and none is another firing's.
func TestShardIDs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		due := instants().Draw(t, "due")
		id, other := core.RunID(due, core.ManualKey("a")), core.RunID(due, core.ManualKey("b"))
		shard := rapid.IntRange(0, core.MaxShards-1).Draw(t, "shard")
		got := core.ShardID(id, shard)
		require.Len(t, got, len(id))
		require.LessOrEqual(t, core.FirstOfInstant(id), got)
		require.Equal(t, core.FirstRunID(due), core.FirstOfInstant(got))
		require.LessOrEqual(t, core.ShardID(id, 0), got)
		require.LessOrEqual(t, got, core.ShardID(id, core.MaxShards-1))
		require.Equal(t, got, core.ShardID(core.ShardID(id, 7), shard))
		require.NotEqual(t, got, core.ShardID(other, shard))
		if shard > 0 {
			require.Less(t, core.ShardID(id, shard-1), got, "in the order of the shards")
		}
		require.Equal(t, core.ShardID(id, 0), (&core.Run{ID: "a retry's", OccurrenceID: got, Shard: shard, Shards: 9}).Firing())
	})
	require.Equal(t, "019b7ca9-8c8e-857a-9a56-a871498b300c", core.ShardID("019b7ca9-8c8e-857a-9a56-a871498b3928", 12))
	require.Equal(t, "occurrence", (&core.Run{OccurrenceID: "occurrence"}).Firing())
}

func TestRunIDBeforeTheEpoch(t *testing.T) {
	t.Parallel()
	require.Equal(t, core.FirstRunID(time.Unix(0, 0)), core.FirstRunID(time.Time{}))
	require.LessOrEqual(t, core.FirstRunID(time.Time{}), core.RunID(time.Unix(-5, 0), "k"))
}

// Each cause has a key of its own, and so has each part of a cause.
func TestKeysDiffer(t *testing.T) {
	t.Parallel()
	at := time.Unix(1_800_000_000, 0)
	seen := map[string]bool{}
	for _, key := range []string{
		core.ScheduleKey("a", 1, at), core.ScheduleKey("b", 1, at), core.ScheduleKey("a", 2, at), core.ScheduleKey("a", 1, at.Add(time.Microsecond)),
		core.MissedKey("a", 1, at), core.MissedKey("a", 2, at),
		core.DelayedKey("a", 0), core.DelayedKey("a", 1), core.DelayedKey("b", 0),
		core.ChildKey("a", "b"), core.ChildKey("b", "a"),
		core.RetryKey("a", 2), core.RetryKey("a", 3), core.RetryKey("b", 2),
		core.ManualKey("a"), core.ManualKey("b"),
	} {
		require.False(t, seen[key], key)
		seen[key] = true
	}
}

// instants are those that a schedule may name.
func instants() *rapid.Generator[time.Time] {
	return rapid.Map(rapid.Int64Range(0, time.Date(2199, 12, 31, 0, 0, 0, 0, time.UTC).UnixMicro()),
		func(us int64) time.Time { return time.UnixMicro(us).UTC() })
}
