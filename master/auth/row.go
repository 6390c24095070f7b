package auth

import (
	"context"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"

	"github.com/carillonhq/carillon/core"
)

const (
	// rowAge is how long a row is believed. It bounds how long a user lives on whom another process disabled.
	rowAge = time.Second
	// rowsKept is how many rows are kept. Keys that nothing has are not, so a stranger cannot push rows out.
	rowsKept = 4096
	// rowTimeout bounds one read, which goes on for the others that wait for it when its caller leaves.
	rowTimeout = 5 * time.Second
)

// rows reads things by a key and keeps them for rowAge.
type rows[V any] struct {
	read    func(ctx context.Context, key string) (V, error)
	cache   *lru.Cache[string, row[V]]
	flights singleflight.Group

	mu      sync.Mutex
	changes int // raised by each drop
}

type row[V any] struct {
	value  V         // never changed
	readAt time.Time // when the read began
}

func newRows[V any](read func(ctx context.Context, key string) (V, error)) (*rows[V], error) {
	cache, err := lru.New[string, row[V]](rowsKept)
	return &rows[V]{read: read, cache: cache}, err
}

// get gives what has this key, the zero value when nothing has. It must not be changed.
func (r *rows[V]) get(ctx context.Context, key string) (V, error) {
	if c, ok := r.cache.Get(key); ok && time.Since(c.readAt) < rowAge {
		return c.value, nil
	}
	v, err, _ := r.flights.Do(key, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rowTimeout)
		defer cancel()
		return r.readOnce(ctx, key)
	})
	if err != nil {
		var none V
		return none, err
	}
	return v.(V), nil
}

func (r *rows[V]) readOnce(ctx context.Context, key string) (V, error) {
	r.mu.Lock()
	before, began := r.changes, time.Now()
	r.mu.Unlock()
	v, err := r.read(ctx, key)
	if err != nil {
		var none V
		if core.CodeOf(err) == core.CodeNotFound {
			err = nil
		}
		return none, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	// A row that was changed while it was read may be the old one.
	if r.changes == before {
		r.cache.Add(key, row[V]{v, began})
	}
	return v, nil
}

// drop forgets what is known of a key whose thing has been changed.
func (r *rows[V]) drop(key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.changes++
	r.flights.Forget(key)
	r.cache.Remove(key)
}

// purge forgets all.
func (r *rows[V]) purge() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.changes++
	for _, key := range r.cache.Keys() {
		r.flights.Forget(key)
	}
	r.cache.Purge()
}
