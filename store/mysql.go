package store

import (
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	mysqldriver "gorm.io/driver/mysql"
	"gorm.io/gorm"
)

// mysqlDialect is MySQL 8 and MariaDB 10.6 and later, as far as they are alike.
type mysqlDialect struct{}

func (mysqlDialect) bind(query string) string {
	return strings.ReplaceAll(query, " FOR SHARE", " LOCK IN SHARE MODE") // which both know
}

var excluded = regexp.MustCompile(`excluded\.(\w+)`)

// insert uses no IGNORE: that would turn every other refusal of a row into a warning.
func (mysqlDialect) insert(in into, rows int) string {
	query := "INSERT INTO " + in.table + " (" + in.columns + ") VALUES " + in.values(rows)
	switch {
	case in.keep:
		key, _, _ := strings.Cut(in.key, ",")
		query += " ON DUPLICATE KEY UPDATE " + key + " = " + in.table + "." + key
	case in.update != "":
		query += " ON DUPLICATE KEY UPDATE " + excluded.ReplaceAllString(in.update, "VALUES($1)")
	}
	return query
}

func (mysqlDialect) returns() bool { return false } // MariaDB's DELETE can, its UPDATE and MySQL cannot
func (mysqlDialect) counts() bool  { return false } // a row that is kept counts as found

func (mysqlDialect) clock() string {
	return "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))"
}

// The numbers are those of MySQL's "Server Error Message Reference", the states those of the SQL standard.
func (mysqlDialect) classify(err error) errorClass {
	e, ok := errors.AsType[*mysql.MySQLError](err)
	if !ok {
		if errors.Is(err, mysql.ErrInvalidConn) {
			return passingError
		}
		return unknownError
	}
	switch e.Number {
	case 1062, 1586:
		return duplicateError
	case 1205, 1213: // lock wait timeout, deadlock
		return lostRaceError
	case 1153, 1366, 3988: // packet too large, a text that cannot be stored
		return refusedError
	}
	switch string(e.SQLState[:2]) {
	case "21", "22", "23", "42": // cardinality, data, integrity, syntax or access
		return refusedError
	}
	return passingError
}

// mysqlSession is what each connection is set to. MySQL knows no limit for transactions alone; what is for MariaDB stands
// in a comment that only MariaDB reads.
func mysqlSession(l limits) map[string]string {
	silent := strconv.Itoa(l.silent)
	return map[string]string{
		"sql_mode":                 "'STRICT_ALL_TABLES,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'",
		"time_zone":                "'+00:00'",
		"innodb_lock_wait_timeout": "10",
		"wait_timeout":             silent + " /*M!100300 , idle_transaction_timeout = " + strconv.Itoa(l.idle) + " */",
		"net_read_timeout":         silent,
		"net_write_timeout":        silent,
	}
}

func openMySQL(dsn string, l limits) (*sql.DB, func(gorm.ConnPool) gorm.Dialector, error) {
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		return nil, nil, fmt.Errorf("open the MySQL database: %w", err)
	}
	// A statement costs one round trip; an UPDATE counts the rows it finds, changed or not, as in the other databases.
	cfg.InterpolateParams, cfg.ClientFoundRows, cfg.ParseTime = true, true, true
	cfg.Loc, cfg.Logger = time.UTC, new(mysql.NopLogger) // what it logs it also returns
	if cfg.Params == nil {
		cfg.Params = map[string]string{}
	}
	maps.Copy(cfg.Params, mysqlSession(l))
	if err := cfg.Apply(mysql.Charset("utf8mb4", "")); err != nil {
		return nil, nil, fmt.Errorf("open the MySQL database: %w", err)
	}
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, nil, fmt.Errorf("open the MySQL database: %w", err)
	}
	return sql.OpenDB(connector), func(conn gorm.ConnPool) gorm.Dialector {
		return mysqldriver.New(mysqldriver.Config{Conn: conn, SkipInitializeWithVersion: true})
	}, nil
}
