// Package sql holds the schema: one folder of numbered migrations per SQL dialect, embedded in the binary. The plain SQL
// files are the schema; nothing is derived from Go types.
package sql

import "embed"

// Files are the migrations, one folder per dialect.
//
//go:embed sqlite/*.sql postgres/*.sql mysql/*.sql sqlserver/*.sql
var Files embed.FS
