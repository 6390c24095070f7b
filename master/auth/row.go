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
	// rowAge is how long a user's row is believed. It bounds how long a user lives on whom another process disabled.
	rowAge = time.Second
	// rowsKept is how many rows are kept. Names that nobody has are not, so a stranger cannot push rows out.
	rowsKept = 4096
	// rowTimeout bounds one read, which goes on for the others that wait for it when its caller leaves.
	rowTimeout = 5 * time.Second
)

// rows reads users by name and keeps them for rowAge.
type rows struct {
	store   Store
	cache   *lru.Cache[string, row]
	flights singleflight.Group

	mu      sync.Mutex
	changes int // raised by each drop
}

type row struct {
	user   *core.User // never changed
	readAt time.Time  // when the read began
}

// get gives the user with this name, nil when there is none. The user must not be changed.
func (r *rows) get(ctx context.Context, name string) (*core.User, error) {
	if c, ok := r.cache.Get(name); ok && time.Since(c.readAt) < rowAge {
		return c.user, nil
	}
	u, err, _ := r.flights.Do(name, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rowTimeout)
		defer cancel()
		return r.read(ctx, name)
	})
	if err != nil {
		return nil, err
	}
	return u.(*core.User), nil
}

func (r *rows) read(ctx context.Context, name string) (*core.User, error) {
	r.mu.Lock()
	before, began := r.changes, time.Now()
	r.mu.Unlock()
	u, err := r.store.UserByName(ctx, name)
	if core.CodeOf(err) == core.CodeNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	// A row that was changed while it was read may be the old one.
	if r.changes == before {
		r.cache.Add(name, row{u, began})
	}
	return u, nil
}

// drop forgets what is known of a user that has been changed.
func (r *rows) drop(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.changes++
	r.flights.Forget(name)
	r.cache.Remove(name)
}
