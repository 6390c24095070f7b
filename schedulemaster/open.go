package schedulemaster

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	mssql "github.com/microsoft/go-mssqldb"

	"github.com/carillonhq/carillon/conf/dsn"
)

// open connects to a ScheduleMaster database. It is only ever read.
func open(ctx context.Context, target dsn.Target) (*sql.DB, error) {
	pool, err := newPool(target)
	if err != nil {
		return nil, err
	}
	if err := ping(ctx, pool); err != nil {
		return nil, errors.Join(fmt.Errorf("connect to %s: %w", target, err), pool.Close())
	}
	return pool, nil
}

// connectPatience is how long the first connection may take, the sign-in included.
const connectPatience = 30 * time.Second

// ping makes the first connection. The driver of SQL Server heeds its context only until the server has taken the connection,
// and then waits without end for one that says nothing; so this does not wait for the driver.
func ping(ctx context.Context, pool *sql.DB) error {
	ctx, cancel := context.WithTimeout(ctx, connectPatience)
	defer cancel()
	answer := make(chan error, 1)
	go func() { answer <- pool.PingContext(ctx) }()
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func newPool(target dsn.Target) (*sql.DB, error) {
	switch target.Kind {
	case dsn.MySQL:
		c, err := mysql.ParseDSN(target.DSN)
		if err != nil {
			return nil, fmt.Errorf("connect to %s: %w", target, err)
		}
		connector, err := mysql.NewConnector(c)
		if err != nil {
			return nil, fmt.Errorf("connect to %s: %w", target, err)
		}
		return sql.OpenDB(connector), nil
	case dsn.Postgres:
		c, err := pgx.ParseConfig(target.DSN)
		if err != nil {
			return nil, fmt.Errorf("connect to %s: %w", target, err)
		}
		return stdlib.OpenDB(*c), nil
	case dsn.SQLServer:
		connector, err := mssql.NewConnector(target.DSN)
		if err != nil {
			return nil, fmt.Errorf("connect to %s: %w", target, err)
		}
		return sql.OpenDB(connector), nil
	}
	return nil, fmt.Errorf("ScheduleMaster keeps its data in MySQL, PostgreSQL or SQL Server, not in %s", target.Kind)
}
