package dsn

import (
	"strconv"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/microsoft/go-mssqldb/msdsn"
	"github.com/stretchr/testify/require"
)

// asked is what a driver understands of a DSN, in its own parser's words.
type asked struct{ server, user, password, database string }

// ask has the driver of a target read its DSN.
func ask(target Target) (asked, error) {
	switch target.Kind {
	case MySQL:
		c, err := mysql.ParseDSN(target.DSN)
		if err != nil {
			return asked{}, err
		}
		return asked{c.Addr, c.User, c.Passwd, c.DBName}, nil
	case Postgres:
		c, err := pgx.ParseConfig(target.DSN)
		if err != nil {
			return asked{}, err
		}
		return asked{server{c.Host, strconv.Itoa(int(c.Port))}.String(), c.User, c.Password, c.Database}, nil
	case SQLServer:
		c, err := msdsn.Parse(target.DSN)
		if err != nil {
			return asked{}, err
		}
		srv := c.Host
		if c.Port != 0 {
			srv = server{c.Host, strconv.FormatUint(c.Port, 10)}.String()
		}
		if c.Instance != "" {
			srv += `\` + c.Instance
		}
		return asked{srv, c.User, c.Password, c.Database}, nil
	}
	return asked{server: target.DSN}, nil
}

func mustAsk(t *testing.T, target Target) asked {
	t.Helper()
	got, err := ask(target)
	require.NoError(t, err)
	return got
}
