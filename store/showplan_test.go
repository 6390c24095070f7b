package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
)

// showPlan gives SQL Server's plan for a statement without running it. Plans are shown of a batch only, and not of the
// procedure that statements with parameters are sent by, so these become variables.
func showPlan(ctx context.Context, pool *sql.DB, st Statement) (steps []string, err error) {
	variables, err := declared(st.Args)
	if err != nil {
		return nil, err
	}
	conn, err := pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, discard(conn)) }() // it shows plans and runs nothing from here on
	if _, err := conn.ExecContext(ctx, "SET SHOWPLAN_ALL ON"); err != nil {
		return nil, err
	}
	rows, err := conn.QueryContext(ctx, variables+st.Query)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for more := true; more; more = rows.NextResultSet() {
		for rows.Next() {
			step, err := joined(rows)
			if err != nil {
				return nil, err
			}
			steps = append(steps, step)
		}
	}
	return steps, rows.Err()
}

// declared declares parameters as variables of the same names.
func declared(args []any) (string, error) {
	var b strings.Builder
	for i, arg := range args {
		v, err := driver.DefaultParameterConverter.ConvertValue(arg)
		if err != nil {
			return "", err
		}
		switch v := v.(type) {
		case nil:
			fmt.Fprintf(&b, "DECLARE @p%d BIGINT = NULL; ", i+1)
		case int64:
			fmt.Fprintf(&b, "DECLARE @p%d BIGINT = %d; ", i+1, v)
		case string:
			fmt.Fprintf(&b, "DECLARE @p%d NVARCHAR(4000) = N'%s'; ", i+1, strings.ReplaceAll(v, "'", "''"))
		default:
			return "", fmt.Errorf("parameter %d is a %T", i+1, v)
		}
	}
	return b.String(), nil
}
