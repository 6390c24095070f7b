package conf

import (
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
)

// place writes content to a configuration file and returns its name.
func place(t *testing.T, content string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "carillon.yaml")
	require.NoError(t, os.WriteFile(name, []byte(content), 0o600))
	return name
}

// load parses args as a command of role would and loads the rest around them.
func load(t *testing.T, role Role, environ []string, args ...string) (Config, []Notice, error) {
	t.Helper()
	fs := pflag.NewFlagSet(role.String(), pflag.ContinueOnError)
	Flags(fs, role)
	require.NoError(t, fs.Parse(args))
	return Load(Options{Role: role, Flags: fs, Environ: append([]string{"PATH=/bin"}, environ...)})
}

func TestPrecedence(t *testing.T) {
	t.Parallel()
	file := place(t, "maxc: 2\npriority: 2\ndrain_timeout: 20s\nlabels: [file]\n")
	environ := []string{"CARILLON_CONFIG=" + file, "CARILLON_MAXC=3", "CARILLON_PRIORITY=3", "CARILLON_LABELS=env,other"}

	got, notices, err := load(t, RoleServe, environ, "--maxc=4", "--labels=flag", "--labels", "more, again")
	require.NoError(t, err)
	require.Empty(t, notices)
	require.Equal(t, 4, got.MaxC, "the flag wins")
	require.Equal(t, 3, got.Priority, "then the environment")
	require.Equal(t, 20*time.Second, got.DrainTimeout, "then the file")
	require.True(t, got.Metrics, "then the default")
	require.Equal(t, []string{"flag", "more", "again"}, got.Labels, "a list is replaced, not added to")
}

func TestConfigFlagWinsOverTheVariable(t *testing.T) {
	t.Parallel()
	got, _, err := load(t, RoleServe, []string{"CARILLON_CONFIG=/nowhere.yaml"}, "--config", place(t, "maxc: 7"))
	require.NoError(t, err)
	require.Equal(t, 7, got.MaxC)
}

func TestEveryKeyCanBeGivenInEveryWay(t *testing.T) {
	t.Parallel()
	values := map[string]string{
		"http_addr": "127.0.0.1:1", "grpc_addr": "[::1]:2", "data": "/var/lib/carillon", "database": "postgres://u:p@h/d",
		"database_provider": "postgresql", "database_max_open": "20", "database_timeout": "45s", "database_idle_timeout": "5s",
		"plan_batch": "1", "create_batch": "2", "reserve_batch": "3", "reserve_memory": "8", "dispatch_batch": "4", "record_batch": "5000",
		"record_wait": "1ms", "retain_batch": "6",
		"name": "节点1", "master": "m1:30010,m2:30010", "priority": "5", "maxc": "6", "labels": "gpu,eu", "autor": "false",
		"join_token": "0123456789abcdef", "admin_password": "let-me-in", "log_level": "debug", "log_format": "json",
		"metrics": "false", "secure_cookies": "true", "time_zone": "Asia/Shanghai", "drain_timeout": "1h",
		"outbound_allow": "10.0.0.0/8,2001:db8::/32", "outbound_deny": "10.1.0.0/16",
		"grpc_tls_cert": "m1.crt", "grpc_tls_key": "m1.key", "grpc_tls_ca": "certs/ca.crt",
		"plugin_max_size": "64MiB", "plugin_keys": "MCowBQYDK2VwAyEAMCowBQYDK2VwAyEAMCowBQYDK2U=",
		"plugins": "true", "plugin_user": "nobody", "plugin_memory": "512MiB", "plugin_cpu_time": "1h", "plugin_open_files": "64",
		"plugin_processes": "0", "plugin_cache_size": "1GiB", "plugin_start_timeout": "1m", "plugin_grace": "10s", "plugin_idle": "10m",
		"plugin_max_runs": "1", "plugin_max_started": "7",
		"master_tls": "true", "master_ca": "/etc/ca.crt", "master_cert": "w1.crt", "master_key": "w1.key",
	}
	// What a key cannot be given without.
	beside := map[string][]string{
		"grpc_tls_cert": {"CARILLON_GRPC_TLS_KEY=k"}, "grpc_tls_key": {"CARILLON_GRPC_TLS_CERT=c"},
		"grpc_tls_ca": {"CARILLON_GRPC_TLS_KEY=k", "CARILLON_GRPC_TLS_CERT=c"},
		"master_cert": {"CARILLON_MASTER_KEY=k", "CARILLON_MASTER_TLS=true"}, "master_key": {"CARILLON_MASTER_CERT=c", "CARILLON_MASTER_TLS=true"},
	}
	ways := map[string]func(k key, v string) (environ, args []string){
		"environment": func(k key, v string) ([]string, []string) { return []string{k.env() + "=" + v}, nil },
		"flag":        func(k key, v string) ([]string, []string) { return nil, []string{"--" + k.flag() + "=" + v} },
		"file": func(k key, v string) ([]string, []string) {
			return []string{"CARILLON_CONFIG=" + place(t, k.name+`: "`+v+`"`)}, nil
		},
	}
	for _, k := range new(Config).keys() {
		v, given := values[k.name]
		require.True(t, given, "no value for %s in this test", k.name)
		role := RoleServe
		if k.roles&role == 0 {
			role = RoleWorker
		}
		for way, give := range ways {
			if way == "flag" && k.noFlag {
				continue
			}
			environ, args := give(k, v)
			environ = append(environ, beside[k.name]...)
			if role == RoleWorker && k.name != "master" {
				args = append(args, "--master=m")
			}
			if k.name == "database_provider" {
				environ = append(environ, "CARILLON_DATABASE=Server=h;Database=d")
			}
			got, notices, err := load(t, role, environ, args...)
			require.NoError(t, err, "%s by %s", k.name, way)
			require.Empty(t, notices)
			for _, read := range got.keys() {
				if read.name != k.name {
					continue
				}
				if secret, isSecret := read.value.(one[Secret]); isSecret {
					require.Equal(t, v, secret.field.Reveal())
					continue
				}
				require.Equal(t, v, read.value.text(), "%s by %s", k.name, way)
			}
		}
	}
}

func TestValuesAreTyped(t *testing.T) {
	t.Parallel()
	got, _, err := load(t, RoleServe, []string{"CARILLON_CONFIG=" + place(t, `
log_level: warn
time_zone: UTC
autor: false
drain_timeout: 1m
outbound_allow: [10.9.9.9/8, 192.0.2.7]
outbound_deny: []
database:
`)})
	require.NoError(t, err)
	require.Equal(t, slog.LevelWarn, got.LogLevel)
	require.Equal(t, time.UTC, got.TimeZone)
	require.False(t, got.AutoRegister)
	require.Equal(t, time.Minute, got.DrainTimeout)
	require.Equal(t, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.7/32")}, got.OutboundAllow)
	require.Empty(t, got.OutboundDeny)
	require.Empty(t, got.Database.Reveal())
}

func TestEmptyVariableIsNotGiven(t *testing.T) {
	t.Parallel()
	got, notices, err := load(t, RoleServe, []string{"CARILLON_MAXC=", "CARILLON_DATA=", "CARILLON_CONFIG="})
	require.NoError(t, err)
	require.Empty(t, notices)
	require.Equal(t, 1000, got.MaxC)
	require.Equal(t, "./data", got.Data)
}

func TestUnknownKeysOfTheFileAreRefused(t *testing.T) {
	t.Parallel()
	for given, nearest := range map[string]string{
		"htp_addr: x":          "htp_addr (%s): is not a known key; did you mean http_addr?",
		"http-addr: x":         "http-addr (%s): is not a known key; did you mean http_addr?",
		"Metrics: true":        "Metrics (%s): is not a known key; did you mean metrics?",
		"identity: n1":         "identity (%s): is not a known key; did you mean name?",
		"workerof: n1":         "workerof (%s): is not a known key; did you mean master?",
		"join_tokn: hush-hush": "join_tokn (%s): is not a known key; did you mean join_token?",
		"log: {level: debug}":  "log.level (%s): is not a known key; did you mean log_level?",
	} {
		file := place(t, given)
		_, _, err := load(t, RoleServe, nil, "--config="+file)
		require.EqualError(t, err, replaceFile(nearest, file))
	}
}

func TestEverythingWrongIsReportedWithItsPlace(t *testing.T) {
	t.Parallel()
	file := place(t, "htp_addr: x\nname: 007\npriority: high\ndrain_timeout: 10\njoin_token: 1234567890123456\n")
	_, _, err := load(t, RoleWorker,
		[]string{"CARILLON_CONFIG=" + file, "CARILLON_ADMIN_PASSWORD=short", "CARILLON_LOG_LEVEL=loud"},
		"--maxc=0", "--labels=a b")

	var problems Errors
	require.ErrorAs(t, err, &problems)
	require.Equal(t, replaceFile(`htp_addr (%s): is not a known key; did you mean http_addr?
name (%s): "7" must be 1 to 100 letters, digits and . _ @ : - beginning with a letter or digit, in quotes if it is a number
priority (%s): "high" must be a whole number from 1 to 1000
join_token (%s): must be text (in quotes, in the file) of 16 to 256 characters; its value is not shown
log_level (CARILLON_LOG_LEVEL): "loud" must be debug, info, warn or error
drain_timeout (%s): "10" must be a time span from 0s to 1h with its unit (ms, s, m, h, d)
maxc (--maxc): "0" must be a whole number from 1 to 100000
labels (--labels): "a b" must be a list of labels, each 1 to 100 letters, digits and . _ @ : - beginning with a letter or digit
admin_password (CARILLON_ADMIN_PASSWORD): must be text (in quotes, in the file) of 6 to 200 characters; its value is not shown
master: must be given: a worker dials a master's HOST:PORT, or one of several with commas between`, file), problems.Error())

	var first *Error
	require.ErrorAs(t, err, &first)
	require.Equal(t, "htp_addr", first.Key)
}

func TestFileThatCannotBeRead(t *testing.T) {
	t.Parallel()
	_, _, err := load(t, RoleServe, nil, "--config=/nowhere/carillon.yaml")
	require.ErrorIs(t, err, os.ErrNotExist)

	for _, content := range []string{"- a\n- b\n", "maxc: 1\nmaxc: 2\n", "a: b: c\n"} {
		file := place(t, content)
		_, _, err = load(t, RoleServe, nil, "--config="+file)
		require.ErrorContains(t, err, file)
	}
	_, _, err = load(t, RoleServe, nil, "--config="+place(t, ""))
	require.NoError(t, err, "an empty file changes nothing")
}

func TestMisspelledVariablesAreNoticed(t *testing.T) {
	t.Parallel()
	_, notices, err := load(t, RoleServe, []string{
		"CARILLON_HTP_ADDR=:1",
		"CARILLON_PORT=tcp://10.0.0.1:30000", "CARILLON_SERVICE_HOST=10.0.0.1", "CARILLON_TEST_POSTGRES=1",
	})
	require.NoError(t, err)
	require.Equal(t, []Notice{{
		Option: "CARILLON_HTP_ADDR", Reason: "no key is spelled so; did you mean CARILLON_HTTP_ADDR?",
	}}, notices)
}
