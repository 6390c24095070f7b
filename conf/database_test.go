package conf

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/conf/dsn"
)

func TestDatabaseTarget(t *testing.T) {
	t.Parallel()
	cfg := Default()
	cfg.Data = "/var/lib/carillon"
	got, err := cfg.DatabaseTarget()
	require.NoError(t, err)
	require.Equal(t, dsn.SQLite, got.Kind)
	require.Equal(t, "/var/lib/carillon/carillon.db", got.DSN)

	// What a key says goes before what the string says, and that before the default.
	for _, tt := range []struct {
		text    string
		maxOpen int
		timeout time.Duration
		want    dsn.Target
	}{
		{"Server=h;Port=5432;Database=d", 0, 0, dsn.Target{MaxOpen: 16, StatementTimeout: 10 * time.Second}},
		{"Server=h;Port=5432;Database=d;Max Pool Size=20;Command Timeout=7", 0, 0, dsn.Target{MaxOpen: 20, StatementTimeout: 7 * time.Second}},
		{"Server=h;Port=5432;Database=d;Max Pool Size=20;Command Timeout=7", 9, time.Second, dsn.Target{MaxOpen: 9, StatementTimeout: time.Second}},
	} {
		cfg.Database, cfg.DatabaseMaxOpen, cfg.DatabaseTimeout = Secret(tt.text), tt.maxOpen, tt.timeout
		got, err := cfg.DatabaseTarget()
		require.NoError(t, err)
		require.Equal(t, dsn.Postgres, got.Kind)
		require.Equal(t, tt.want.MaxOpen, got.MaxOpen)
		require.Equal(t, tt.want.StatementTimeout, got.StatementTimeout)
	}
}

func TestDatabaseIsRefused(t *testing.T) {
	t.Parallel()
	for want, environ := range map[string][]string{
		"database (CARILLON_DATABASE): could be of mysql or postgresql or sqlserver: set database_provider (CARILLON_DATABASE_PROVIDER) to mysql, postgresql or sqlserver": {
			"CARILLON_DATABASE=Server=h;Database=d;User ID=u;Password=hush"},
		"database (CARILLON_DATABASE): Port must be a number from 1 to 65535": {
			"CARILLON_DATABASE=Server=h;Port=hush;Database=d", "CARILLON_DATABASE_PROVIDER=mysql"},
		`database_provider (CARILLON_DATABASE_PROVIDER): "oracle" must be mysql, postgresql or sqlserver, or empty`: {
			"CARILLON_DATABASE=Server=h;Database=d;User ID=u;Password=hush", "CARILLON_DATABASE_PROVIDER=oracle"},
		`database_provider (CARILLON_DATABASE_PROVIDER): "mysql" goes with a connection string, and the key database is empty`: {
			"CARILLON_DATABASE_PROVIDER=MySql"},
	} {
		for _, role := range []Role{RoleServe, RoleMaster, RoleAdmin} {
			_, _, err := load(t, role, environ)
			require.ErrorContains(t, err, want)
			require.NotContains(t, err.Error(), "hush")
		}
		_, _, err := load(t, RoleWorker, environ, "--master=m")
		if environ[len(environ)-1] != "CARILLON_DATABASE_PROVIDER=oracle" {
			require.NoError(t, err, "a worker has no database")
		}
	}
}
