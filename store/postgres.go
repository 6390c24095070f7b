package store

import (
	"database/sql"
	"errors"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	postgresdriver "gorm.io/driver/postgres"
	"gorm.io/gorm"
)

// postgresDialect is PostgreSQL, whose SQL the statements are written in.
type postgresDialect struct{}

func (postgresDialect) bind(query string) string        { return numbered(query, "$") }
func (postgresDialect) insert(in into, rows int) string { return in.onConflict(rows) }
func (postgresDialect) returns() bool                   { return true }
func (postgresDialect) counts() bool                    { return true }

func (postgresDialect) clock() string {
	return "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
}

// The classes are those of PostgreSQL's appendix A, "Error Codes".
func (postgresDialect) classify(err error) errorClass {
	e, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		if _, ok := errors.AsType[*pgconn.ConnectError](err); ok || pgconn.SafeToRetry(err) {
			return passingError
		}
		return unknownError
	}
	switch e.Code {
	case "23505":
		return duplicateError
	case "40001", "40P01":
		return lostRaceError
	}
	switch e.Code[:2] {
	case "22", "23", "42", "54": // data, integrity, syntax or access, a program limit
		return refusedError
	}
	return passingError
}

// postgresSession is what each connection is set to.
func postgresSession(l limits) map[string]string {
	return map[string]string{
		"application_name": "carillon", "timezone": "UTC", "lock_timeout": "10000",
		"idle_in_transaction_session_timeout": strconv.Itoa(l.idle * 1000),
		// It counts while a result is sent that nobody reads; over a Unix socket it is ignored, and nothing else ends that.
		"tcp_user_timeout": strconv.Itoa(l.silent * 1000),
	}
}

func openPostgres(dsn string, l limits) (*sql.DB, func(gorm.ConnPool) gorm.Dialector, error) {
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, nil, fmt.Errorf("open the PostgreSQL database: %w", err)
	}
	for name, value := range postgresSession(l) {
		if cfg.RuntimeParams[name] == "" {
			cfg.RuntimeParams[name] = value
		}
	}
	return stdlib.OpenDB(*cfg), func(conn gorm.ConnPool) gorm.Dialector {
		return postgresdriver.New(postgresdriver.Config{Conn: conn})
	}, nil
}
