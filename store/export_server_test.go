package store

import "database/sql"

// Connect makes a pool with the sessions of a store.
func Connect(opts Options) (*sql.DB, error) {
	opts.complete()
	pool, _, err := connect(opts)
	return pool, err
}
