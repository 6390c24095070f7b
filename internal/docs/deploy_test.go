package docs_test

import (
	"maps"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/carillonhq/carillon/conf"
	"github.com/carillonhq/carillon/plugins/sdk/handshake"
)

// call is how something in deploy/ calls carillon.
type call struct {
	where string
	args  []string
	env   map[string]string
	// stop is how many seconds the process is given to stop.
	stop float64
}

// calls are all calls in deploy/, with secrets that were made for this test.
func calls(t *testing.T) []call {
	t.Helper()
	all := slices.Concat(composeCalls(t), kubernetesCalls(t), systemdCalls(t))
	require.Len(t, all, 9)
	return all
}

// Everything that deploys carillon calls it as it can be called: the flags and variables are there, concern the process and
// together make a configuration that it starts with.
func TestDeploymentsAreConfigured(t *testing.T) {
	t.Parallel()
	keys := keysOfTheSample(t)
	for _, c := range calls(t) {
		role := map[string]conf.Role{"master": conf.RoleMaster, "worker": conf.RoleWorker}[c.args[0]]
		require.NotZero(t, role, c.where)
		flags := pflag.NewFlagSet(c.where, pflag.ContinueOnError)
		conf.Flags(flags, role)
		require.NoError(t, flags.Parse(c.args[1:]), c.where)
		require.Empty(t, flags.Args(), c.where)
		environ := []string{"GOMEMLIMIT=1"}
		for name, value := range c.env {
			require.True(t, name == "GOMEMLIMIT" || name == "CARILLON_CONFIG" || slices.Contains(keys, name), "%s sets %s", c.where, name)
			environ = append(environ, name+"="+value)
		}
		cfg, notices, err := conf.Load(conf.Options{Role: role, Flags: flags, Environ: environ})
		require.NoError(t, err, c.where)
		require.Empty(t, notices, c.where)
		require.NotEmpty(t, cfg.JoinToken, c.where)
		if role == conf.RoleMaster {
			target, err := cfg.DatabaseTarget()
			require.NoError(t, err, c.where)
			require.Equal(t, "postgres", target.Kind, "%s: two masters cannot share a file", c.where)
			continue
		}
		require.Empty(t, cfg.Database, "%s: a worker holds no database password", c.where)
		for _, address := range cfg.Masters {
			_, port, err := net.SplitHostPort(address)
			require.NoError(t, err, c.where)
			require.Equal(t, conf.DefaultGRPCPort, port, c.where)
		}
	}
}

// keysOfTheSample are the variables of all configuration keys, which a test of conf holds against the sample file.
func keysOfTheSample(t *testing.T) []string {
	t.Helper()
	var sample map[string]any
	require.NoError(t, yaml.Unmarshal([]byte(read(t, "conf/carillon.yaml")), &sample))
	var names []string
	for key := range maps.Keys(sample) {
		names = append(names, "CARILLON_"+strings.ToUpper(key))
	}
	require.Contains(t, names, "CARILLON_JOIN_TOKEN")
	return names
}

var variable = regexp.MustCompile(`\bCARILLON_[A-Z][A-Z_]*[A-Z]\b`)

// A variable that is named anywhere is one that something reads.
func TestVariablesExist(t *testing.T) {
	t.Parallel()
	keys := append(keysOfTheSample(t), "CARILLON_CONFIG", handshake.CookieKey, handshake.GraceKey)
	own := source(t, "cmd/carillon")
	for _, file := range slices.Concat(documents(t), deployed(t), []string{"Dockerfile"}) {
		for _, name := range variable.FindAllString(read(t, file), -1) {
			known := slices.Contains(keys, name) || strings.HasPrefix(name, "CARILLON_TEST_") || strings.Contains(own, `"`+name+`"`)
			require.True(t, known, "%s names %s", file, name)
		}
	}
}

// deployed are the files that deploy, but for the linter.
func deployed(t *testing.T) []string {
	t.Helper()
	var files []string
	for _, pattern := range []string{"deploy/*.*", "deploy/kubernetes/*", "deploy/systemd/*", "deploy/prometheus/*"} {
		found, err := filepath.Glob(at(pattern))
		require.NoError(t, err)
		require.NotEmpty(t, found, pattern)
		for _, file := range found {
			path, err := filepath.Rel(root, file)
			require.NoError(t, err)
			files = append(files, filepath.ToSlash(path))
		}
	}
	return files
}

// The template of the Secret is one that no process starts with.
func TestSecretTemplateIsRefused(t *testing.T) {
	t.Parallel()
	var secret struct {
		StringData map[string]string `yaml:"stringData"`
	}
	require.NoError(t, yaml.Unmarshal([]byte(read(t, "deploy/kubernetes/secret.yaml")), &secret))
	require.Equal(t, []string{"admin-password", "database", "join-token"}, slices.Sorted(maps.Keys(secret.StringData)))
	for key, value := range secret.StringData {
		name := "CARILLON_" + strings.ToUpper(strings.ReplaceAll(key, "-", "_"))
		_, _, err := conf.Load(conf.Options{Role: conf.RoleMaster, Environ: []string{name + "=" + value}})
		require.ErrorContains(t, err, name, key)
	}
}

// Each port is the one that carillon listens on by default.
func TestPortsOfDeployments(t *testing.T) {
	t.Parallel()
	_, web, err := net.SplitHostPort(conf.Default().HTTPAddr)
	require.NoError(t, err)
	grpc := conf.DefaultGRPCPort
	require.Contains(t, read(t, "Dockerfile"), "\nEXPOSE "+web+" "+grpc+"\n")
	named := regexp.MustCompile(`(?:\bport|containerPort|prometheus\.io/port): "?(\d+)|"\d+:(\d+)"`)
	found := map[string]bool{}
	for _, file := range deployed(t) {
		for _, m := range named.FindAllStringSubmatch(read(t, file), -1) {
			found[m[1]+m[2]] = true
		}
	}
	require.Equal(t, map[string]bool{web: true, grpc: true}, found)
}

// write makes a file for a test and gives its path.
func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}
