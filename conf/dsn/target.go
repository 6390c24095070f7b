package dsn

import (
	"log/slog"
	"time"
)

// The kinds of database.
const (
	SQLite    = "sqlite"
	Postgres  = "postgres"
	MySQL     = "mysql" // and MariaDB
	SQLServer = "sqlserver"
)

// Target is a database to open.
type Target struct {
	// Kind is SQLite, Postgres, MySQL or SQLServer.
	Kind string
	// DSN is what the driver takes, password and all: for SQLite the path of the file, for Postgres the keywords and values
	// of pgx, for MySQL the DSN of go-sql-driver/mysql, for SQLServer a sqlserver:// URL.
	DSN string
	// MaxOpen is how many connections the text allows at most; 0 when it does not say.
	MaxOpen int
	// StatementTimeout is how long a statement may take after the text; 0 when it does not say.
	StatementTimeout time.Duration

	shown string // the target without its password
}

// File is the SQLite database in a file.
func File(path string) Target {
	return Target{Kind: SQLite, DSN: path, shown: SQLite + " " + path}
}

// String tells the target's kind, user, server and database, and neither its password nor its other parameters.
func (t Target) String() string {
	if t.shown == "" {
		return t.Kind
	}
	return t.shown
}

// GoString is String, so that no way of printing a Target shows a password.
func (t Target) GoString() string { return t.String() }

// LogValue is String.
func (t Target) LogValue() slog.Value { return slog.StringValue(t.String()) }

// MarshalText is String, for JSON and other encodings.
func (t Target) MarshalText() ([]byte, error) { return []byte(t.String()), nil }
