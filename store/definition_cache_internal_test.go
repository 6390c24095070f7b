package store

import (
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Whatever is kept and asked for, what is in memory is what fits of the definitions used last.
func TestDefinitionCacheFollowsItsModel(t *testing.T) {
	t.Parallel()
	const limit = 10 * definitionOverhead
	rapid.Check(t, func(t *rapid.T) {
		type entry struct {
			key  definitionKey
			def  *TaskDefinition
			size int
		}
		var kept []entry // the one used last at the end
		find := func(key definitionKey) int {
			return slices.IndexFunc(kept, func(e entry) bool { return e.key == key })
		}
		cache := newDefinitionCache(limit)
		keys := rapid.Custom(func(t *rapid.T) definitionKey {
			return definitionKey{strconv.Itoa(rapid.IntRange(0, 5).Draw(t, "task")), rapid.Int64Range(1, 3).Draw(t, "version")}
		})
		t.Repeat(map[string]func(*rapid.T){
			"": func(t *rapid.T) {
				total := 0
				for _, e := range kept {
					total += e.size
				}
				require.LessOrEqual(t, total, limit)
				require.Equal(t, total, cache.bytes)
				require.Equal(t, len(kept), cache.lru.Len())
			},
			"add": func(t *rapid.T) {
				e := entry{key: keys.Draw(t, "key"), def: &TaskDefinition{CallbackJSON: make([]byte, rapid.IntRange(0, limit/2).Draw(t, "callback"))}}
				text := rapid.IntRange(0, limit/2).Draw(t, "text")
				cache.Add(e.key, e.def, text)
				if i := find(e.key); i >= 0 {
					kept = slices.Delete(kept, i, i+1)
				}
				if e.size = definitionOverhead + text + len(e.def.CallbackJSON); e.size > limit {
					return
				}
				total := e.size
				for i := len(kept) - 1; i >= 0; i-- {
					if total += kept[i].size; total > limit {
						kept = kept[i+1:]
						break
					}
				}
				kept = append(slices.Clone(kept), e)
			},
			"get": func(t *rapid.T) {
				key := keys.Draw(t, "key")
				def, ok := cache.Get(key)
				i := find(key)
				require.Equal(t, i >= 0, ok)
				if ok {
					require.Same(t, kept[i].def, def)
					e := kept[i]
					kept = append(slices.Delete(kept, i, i+1), e)
				} else {
					require.Nil(t, def)
				}
			},
			"purge": func(*rapid.T) {
				cache.Purge()
				kept = nil
			},
		})
	})
}

func TestDefinitionCacheIsForMany(t *testing.T) {
	t.Parallel()
	cache := newDefinitionCache(20 * definitionOverhead)
	var users sync.WaitGroup
	for i := range 8 {
		users.Go(func() {
			for n := range 500 {
				key := definitionKey{strconv.Itoa((n + i) % 40), 1}
				if def, ok := cache.Get(key); ok {
					require.NotNil(t, def)
				}
				cache.Add(key, &TaskDefinition{}, n)
			}
		})
	}
	users.Wait()
	require.LessOrEqual(t, cache.bytes, cache.limit)
	require.Positive(t, cache.lru.Len())
}
