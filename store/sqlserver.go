package store

import (
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strings"

	mssql "github.com/microsoft/go-mssqldb"
	sqlserverdriver "gorm.io/driver/sqlserver"
	"gorm.io/gorm"
)

// sqlserverDialect is Transact-SQL.
type sqlserverDialect struct{}

var (
	returningRuns = regexp.MustCompile(`^(UPDATE|DELETE FROM) (\w+)(.*?) WHERE (.*) RETURNING (.*)$`)
	limitOffset   = regexp.MustCompile(`LIMIT (@p\d+|\d+)(?: OFFSET (@p\d+|\d+))?`)
)

// bind moves RETURNING to OUTPUT, locks to table hints and LIMIT to FETCH.
func (sqlserverDialect) bind(query string) string {
	query = strings.Join(strings.Fields(query), " ")
	if m := returningRuns.FindStringSubmatch(query); m != nil {
		row := "inserted."
		if m[1] != "UPDATE" {
			row = "deleted."
		}
		query = m[1] + " " + m[2] + m[3] + " OUTPUT " + row + strings.ReplaceAll(strings.ReplaceAll(m[5], " ", ""), ",", ","+row) + " WHERE " + m[4]
	}
	return fetched(hinted(numbered(query, "@p")))
}

// hinted turns the clauses that lock into hints on the table that they lock, the last one named before the clause. Where
// the database reads versions of rows (READ_COMMITTED_SNAPSHOT), READPAST is taken only beside READCOMMITTEDLOCK.
func hinted(query string) string {
	for _, lock := range locks {
		hint := map[string]string{
			" FOR UPDATE SKIP LOCKED": "UPDLOCK, ROWLOCK, READPAST, READCOMMITTEDLOCK", " FOR UPDATE": "UPDLOCK, ROWLOCK", " FOR SHARE": "REPEATABLEREAD, ROWLOCK",
		}[lock]
		for {
			before, after, found := strings.Cut(query, lock)
			if !found {
				break
			}
			at := strings.LastIndex(before, " FROM ") + len(" FROM ")
			table, rest, _ := strings.Cut(before[at:], " ")
			query = before[:at] + table + " WITH (" + hint + ") " + rest + after
		}
	}
	return query
}

// fetched turns LIMIT into FETCH, which needs an order.
func fetched(query string) string {
	return limitOffset.ReplaceAllStringFunc(query, func(found string) string {
		m := limitOffset.FindStringSubmatch(found)
		order := ""
		if before, _, _ := strings.Cut(query, found); !strings.Contains(before[strings.LastIndex(before, "SELECT"):], "ORDER BY") {
			order = "ORDER BY (SELECT NULL) "
		}
		if m[2] == "" {
			return order + "OFFSET 0 ROWS FETCH NEXT " + m[1] + " ROWS ONLY"
		}
		return order + "OFFSET " + m[2] + " ROWS FETCH NEXT " + m[1] + " ROWS ONLY"
	})
}

func (sqlserverDialect) insert(in into, rows int) string {
	if in.keep || in.update != "" {
		return in.merge(rows)
	}
	return "INSERT INTO " + in.table + " (" + in.columns + ") VALUES " + in.values(rows)
}

// merge is an insert that may meet rows. HOLDLOCK keeps another transaction from inserting a key between the look for it
// and the insert.
func (in into) merge(rows int) string {
	var keys, on []string
	for key := range strings.SplitSeq(in.key, ",") {
		keys = append(keys, key+collation(key))
		on = append(on, in.table+"."+key+" = excluded."+key+collation(key))
	}
	given, fresh := "VALUES "+in.values(rows), "excluded ("+in.columns+")"
	first := ""
	if in.keep && rows > 1 {
		// MERGE looks at the table as it was before, so of new rows with the same key all but the first are left out here.
		given = "SELECT *, ROW_NUMBER() OVER (PARTITION BY " + strings.Join(keys, ", ") + " ORDER BY place) AS nth FROM (VALUES " +
			in.placed(rows) + ") AS given (" + in.columns + ",place)"
		fresh, first = "excluded", " AND excluded.nth = 1"
	}
	query := "MERGE INTO " + in.table + " WITH (HOLDLOCK) USING (" + given + ") AS " + fresh + " ON " + strings.Join(on, " AND ")
	if in.update != "" {
		query += " WHEN MATCHED THEN UPDATE SET " + in.update
	}
	return query + " WHEN NOT MATCHED" + first + " THEN INSERT (" + in.columns + ") VALUES (excluded." + strings.ReplaceAll(in.columns, ",", ",excluded.") + ");"
}

// placed are the lists of parameters of rows rows, each with its place among them behind.
func (in into) placed(rows int) string {
	lists := make([]string, rows)
	for i := range lists {
		lists[i] = fmt.Sprintf("(%s,%d)", marks(strings.Count(in.columns, ",")+1), i+1)
	}
	return strings.Join(lists, ",")
}

// collation says that the parameter for a column of a primary key is compared to the letter: on its own it has the
// collation of the database, which may take A for a. Numbers have none.
func collation(key string) string {
	switch key {
	case "hour", "lateness", "token", "first_line", "user_id":
		return ""
	}
	return " COLLATE Latin1_General_100_BIN2"
}

func (sqlserverDialect) returns() bool { return true }
func (sqlserverDialect) counts() bool  { return true }

func (sqlserverDialect) clock() string {
	return "SELECT DATEDIFF_BIG(MICROSECOND, '1970-01-01', SYSUTCDATETIME())"
}

// The numbers are those of sys.messages.
func (sqlserverDialect) classify(err error) errorClass {
	e, ok := errors.AsType[mssql.Error](err)
	if !ok {
		return unknownError
	}
	switch e.Number {
	case 2601, 2627:
		return duplicateError
	case 1205, 3960: // deadlock victim, snapshot update conflict
		return lostRaceError
	case 1222, 4060, 4064, 18456: // lock timeout; database or login that cannot be opened
		return passingError
	case 3906, 40197, 40501, 40613: // a replica that only reads, as after a failover; Azure's database is moved or busy
		return passingError
	}
	if e.Class <= 16 { // severities up to 16 can be corrected by the user
		return refusedError
	}
	return passingError
}

func openSQLServer(dsn string, _ limits) (*sql.DB, func(gorm.ConnPool) gorm.Dialector, error) {
	pool, err := sql.Open("sqlserver", dsn)
	if err != nil {
		return nil, nil, fmt.Errorf("open the SQL Server database: %w", err)
	}
	return pool, sqlserverDialector, nil
}

func sqlserverDialector(conn gorm.ConnPool) gorm.Dialector {
	return sqlserverdriver.New(sqlserverdriver.Config{Conn: conn})
}
