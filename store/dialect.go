package store

import (
	"fmt"
	"strings"
)

// The kinds of database a store runs on.
const (
	SQLite    = "sqlite"
	Postgres  = "postgres"
	MySQL     = "mysql" // MariaDB too
	SQLServer = "sqlserver"
)

// Kinds are all kinds of database.
func Kinds() []string { return []string{SQLite, Postgres, MySQL, SQLServer} }

// A dialect is what one database does in its own way.
//
// Statements are written once, in PostgreSQL's SQL with "?" for parameters, kept to what the dialects can put into their
// own words: plain comparisons (no row values), "LIMIT ?" with an ORDER BY before it, "FOR UPDATE [SKIP LOCKED]" and
// "FOR SHARE" at the end of a query of one table, and "RETURNING" at the end of an UPDATE or DELETE that is run by
// changeRuns or takeRuns. Inserts go through insertRows.
type dialect interface {
	// bind puts a statement into the database's own words.
	bind(query string) string
	// insert is the statement, with "?", that inserts rows rows.
	insert(in into, rows int) string
	// returns says whether an UPDATE or DELETE is to give the rows it wrote; else they are read beside it, and locked by that.
	returns() bool
	// counts says whether the number of rows that an insert with keep reports leaves out those it kept.
	counts() bool
	// classify says what an error of the driver is about.
	classify(err error) errorClass
	// clock is a query for the database's time, in microseconds since the Unix epoch; empty when it has no clock of its own.
	clock() string
}

func dialectOf(kind string) (dialect, error) {
	switch kind {
	case SQLite:
		return sqliteDialect{}, nil
	case Postgres:
		return postgresDialect{}, nil
	case MySQL:
		return mysqlDialect{}, nil
	case SQLServer:
		return sqlserverDialect{}, nil
	}
	return nil, fmt.Errorf("%q is no kind of database: it is one of %s", kind, strings.Join(Kinds(), ", "))
}

// numbered replaces each "?" of a query with prefix and its number. The statements hold no literal with a "?".
func numbered(query, prefix string) string {
	var b strings.Builder
	n := 0
	for part := range strings.SplitSeq(query, "?") {
		if n > 0 {
			fmt.Fprintf(&b, "%s%d", prefix, n)
		}
		b.WriteString(part)
		n++
	}
	return b.String()
}

// locks are the clauses that lock the rows a query reads, longest first.
var locks = [...]string{" FOR UPDATE SKIP LOCKED", " FOR UPDATE", " FOR SHARE"}

// unlocked is a query without the clauses that lock.
func unlocked(query string) string {
	for _, l := range locks {
		query = strings.ReplaceAll(query, l, "")
	}
	return query
}

// into says where rows are inserted and what becomes of those whose key is there already.
type into struct {
	table   string
	columns string // comma separated
	// key are the columns of the primary key, for keep and update.
	key string
	// keep leaves a row that is there as it is.
	keep bool
	// update is what is set in a row that is there instead; it names the row as "table.column" and the new one as
	// "excluded.column". Assignments must not read a column that one before them sets: MySQL shows them the new value.
	update string
}

// values are the lists of parameters of rows rows.
func (in into) values(rows int) string {
	one := "(" + marks(strings.Count(in.columns, ",")+1) + ")"
	return strings.TrimSuffix(strings.Repeat(one+",", rows), ",")
}

// marks are n parameters.
func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?,", n), ",") }

// onConflict is the insert of SQLite and PostgreSQL.
func (in into) onConflict(rows int) string {
	query := "INSERT INTO " + in.table + " (" + in.columns + ") VALUES " + in.values(rows)
	switch {
	case in.keep:
		query += " ON CONFLICT DO NOTHING"
	case in.update != "":
		query += " ON CONFLICT (" + in.key + ") DO UPDATE SET " + in.update
	}
	return query
}
