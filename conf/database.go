package conf

import (
	"cmp"
	"path/filepath"
	"time"

	"github.com/carillonhq/carillon/conf/dsn"
)

// What holds when neither a key nor the connection string says otherwise.
const (
	// DefaultDatabaseMaxOpen lets a master's few duties and some dozen requests at a time have a connection each. Six masters
	// stay within the 100 connections of a PostgreSQL that nobody configured.
	DefaultDatabaseMaxOpen = 16
	// DefaultDatabaseTimeout is the lease of a master: what Carillon asks takes milliseconds, and what it learns after its
	// lease is of no use any more.
	DefaultDatabaseTimeout = 10 * time.Second
)

const sqliteFileName = "carillon.db"

// DatabaseTarget gives the database to open, with its pool's size and its timeout: those of the keys, else of the connection
// string, else the defaults. The error is the rest of a sentence about the key database.
func (c Config) DatabaseTarget() (dsn.Target, error) {
	t, err := dsn.File(filepath.Join(c.Data, sqliteFileName)), error(nil)
	if c.Database != "" {
		t, err = dsn.Parse(c.Database.Reveal(), c.DatabaseProvider)
	}
	t.MaxOpen = cmp.Or(c.DatabaseMaxOpen, t.MaxOpen, DefaultDatabaseMaxOpen)
	t.StatementTimeout = cmp.Or(c.DatabaseTimeout, t.StatementTimeout, DefaultDatabaseTimeout)
	return t, err
}
