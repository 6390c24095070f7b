// Package dsn reads how a database is named: a URL, or the ADO.NET connection string that ScheduleMaster was configured with.
// It gives the form that the Go driver takes, and knows nothing of the drivers themselves.
//
// What it knows of each provider's keys are the tables in mysql.go, postgres.go and sqlserver.go, after the documentation of
// MySqlConnector and MySql.Data, Npgsql, and Microsoft.Data.SqlClient. A key is honoured; or taken with no meaning here,
// for a reason that its table gives; or refused, with what to write instead. A key of none of these is refused by its
// name, so that a misspelled one cannot leave its default in force without a word. docs/databases.md shows the tables.
//
// A connection string holds a password, and a broken one may hold parts of it anywhere. So no error shows a value, and a key
// is named only when it looks like one.
package dsn
