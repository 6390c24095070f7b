package schedule

import (
	"errors"
	"time"
	_ "time/tzdata" // zones must be known in a container that has no zone files

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/carillonhq/carillon/cron"
)

// The memos save parsing an expression and reading a zone for each due instant. What they hold are the answers of pure
// functions, so they are shared by all callers and change no answer. Their sizes bound their memory: some 20 MB in the
// worst case, when every expression is of the greatest length.
var (
	expressions = newMemo(10_000, cron.Parse)
	zones       = newMemo(1_000, loadZone)
)

// memo keeps what a function gave for the texts it was asked for last. Failures are not kept.
type memo[V any] struct {
	kept *lru.Cache[string, V]
	make func(string) (V, error)
}

func newMemo[V any](size int, fn func(string) (V, error)) *memo[V] {
	kept, err := lru.New[string, V](size)
	if err != nil {
		panic("schedule: " + err.Error()) // the sizes above are positive
	}
	return &memo[V]{kept: kept, make: fn}
}

func (m *memo[V]) get(text string) (V, error) {
	if v, ok := m.kept.Get(text); ok {
		return v, nil
	}
	v, err := m.make(text)
	if err == nil {
		m.kept.Add(text, v)
	}
	return v, err
}

// loadZone is time.LoadLocation without the name Local, which would mean another zone on each master.
func loadZone(name string) (*time.Location, error) {
	if name == "Local" {
		return nil, errors.New("not an IANA name")
	}
	return time.LoadLocation(name)
}
