package store

import (
	"math"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

const (
	// maxDefinitions is how many bytes of definitions a store keeps in memory.
	maxDefinitions = 64 << 20
	// definitionOverhead is about what a definition takes beside its text, in bytes.
	definitionOverhead = 1 << 10
)

// definitionCache keeps the definitions that were used last, as far as they fit into a bound of bytes. Its methods may be
// called by many goroutines.
type definitionCache struct {
	limit int

	mu    sync.Mutex
	bytes int
	lru   *simplelru.LRU[definitionKey, cachedDefinition]
}

type cachedDefinition struct {
	def  *TaskDefinition
	size int
}

func newDefinitionCache(limit int) *definitionCache {
	c := &definitionCache{limit: limit}
	// The number of entries is bounded by their size. A size that is not positive is the only error there is.
	c.lru, _ = simplelru.NewLRU(math.MaxInt, func(_ definitionKey, e cachedDefinition) { c.bytes -= e.size })
	return c
}

// Get gives a definition and makes it the one used last.
func (c *definitionCache) Get(key definitionKey) (*TaskDefinition, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.lru.Get(key)
	return e.def, ok
}

// Add keeps a definition whose JSON has text bytes, in place of those used least recently. One that is larger than the
// bound is not kept.
func (c *definitionCache) Add(key definitionKey, def *TaskDefinition, text int) {
	// The text itself is not kept: its parts are, and what workers get of it a second time.
	size := definitionOverhead + text + len(def.CallbackJSON) + len(def.ParamsJSON)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lru.Remove(key)
	if size > c.limit {
		return
	}
	c.lru.Add(key, cachedDefinition{def, size})
	for c.bytes += size; c.bytes > c.limit; {
		c.lru.RemoveOldest()
	}
}

// Purge forgets all.
func (c *definitionCache) Purge() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lru.Purge()
}
