package conf

import (
	"strings"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
)

// replaceFile puts the name of the configuration file into an expected message.
func replaceFile(message, file string) string { return strings.ReplaceAll(message, "%s", file) }

func TestScheduleMasterOptionsWork(t *testing.T) {
	t.Parallel()
	got, notices, err := load(t, RoleWorker, nil,
		"--role=worker", "--identity=w1", "--workerof=master1,other:4000", "--priority=3", "--maxc=8", "--autor=false")
	require.NoError(t, err)
	require.Empty(t, notices)
	require.Equal(t, "w1", got.Name)
	require.Equal(t, []string{"master1:30010", "other:4000"}, got.Masters)
	require.Equal(t, 3, got.Priority)
	require.Equal(t, 8, got.MaxC)
	require.False(t, got.AutoRegister)
}

func TestScheduleMasterEnvironmentIsBelowOurs(t *testing.T) {
	t.Parallel()
	environ := []string{"SMCORE_WORKEROF=old", "SMCORE_AUTOR=false"}
	got, _, err := load(t, RoleWorker, environ)
	require.NoError(t, err)
	require.Equal(t, []string{"old:30010"}, got.Masters)
	require.False(t, got.AutoRegister)

	got, _, err = load(t, RoleWorker, append(environ, "CARILLON_MASTER=new"))
	require.NoError(t, err)
	require.Equal(t, []string{"new:30010"}, got.Masters)

	got, _, err = load(t, RoleWorker, environ, "--workerof=[::1]")
	require.NoError(t, err)
	require.Equal(t, []string{"[::1]:30010"}, got.Masters)
}

func TestUnusedOptionsAreAcceptedAndNoticed(t *testing.T) {
	t.Parallel()
	_, notices, err := load(t, RoleMaster, nil, "--role=worker",
		"--protocol=http", "--ip=10.0.0.1", "--port=30000", "--identity=m1", "--priority=1", "--workerof=m2")
	require.NoError(t, err)
	var lines []string
	for _, n := range notices {
		lines = append(lines, n.String())
	}
	require.Equal(t, []string{
		"--ip is not used: it was ScheduleMaster's; --http-addr and --grpc-addr say where a master listens, workers do not listen",
		"--port is not used: it was ScheduleMaster's; --http-addr and --grpc-addr say where a master listens, workers do not listen",
		"--priority is not used: it does not concern master",
		"--protocol is not used: it was ScheduleMaster's; masters speak HTTP",
		"--role is not used: the subcommand decides",
		"--workerof is not used: it does not concern master",
	}, lines)
}

func TestFlagsOfARole(t *testing.T) {
	t.Parallel()
	shown := func(role Role) string {
		fs := pflag.NewFlagSet("", pflag.ContinueOnError)
		Flags(fs, role)
		return fs.FlagUsages()
	}
	for _, role := range []Role{RoleServe, RoleMaster, RoleWorker, RoleAdmin} {
		require.NotContains(t, shown(role), "--join-token", "a secret on the command line can be read by others")
		require.NotContains(t, shown(role), "--admin-password")
		require.NotContains(t, shown(role), "--protocol")
		require.Contains(t, shown(role), `--data directory`)
		require.Contains(t, shown(role), `(default "./data")`)
	}
	require.Contains(t, shown(RoleServe), "--maxc number")
	require.Contains(t, shown(RoleServe), "(default 30s)")
	require.NotContains(t, shown(RoleMaster), "--maxc")
	require.Contains(t, shown(RoleWorker), "also --workerof")
	require.NotContains(t, shown(RoleWorker), "--database", "a worker holds no database password")

	admin := pflag.NewFlagSet("", pflag.ContinueOnError)
	Flags(admin, RoleAdmin)
	for _, name := range []string{"http-addr", "maxc", "role", "port"} {
		require.Nil(t, admin.Lookup(name), name)
	}
}

func TestSubcommand(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"":                                  "",
		"serve --role=worker":               "serve --role=worker",
		"--role=worker --identity=w1":       "worker --role=worker --identity=w1",
		"--identity=m1 --role master":       "master --identity=m1 --role master",
		"--version":                         "--version",
		"--role":                            "--role",
		"worker --master m1 --role=worker2": "worker --master m1 --role=worker2",
	} {
		got, err := Subcommand(strings.Fields(given))
		require.NoError(t, err)
		require.Equal(t, strings.Fields(want), got, given)
	}
	_, err := Subcommand([]string{"--role=slave"})
	require.EqualError(t, err, `role (--role): "slave" must be master or worker`)
}
