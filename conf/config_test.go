package conf

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

const sampleFile = "carillon.yaml"

func TestSampleHoldsEveryKeyWithItsDefault(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(sampleFile)
	require.NoError(t, err)
	var sample map[string]any
	require.NoError(t, yaml.Unmarshal(content, &sample))

	var cfg Config
	for _, k := range cfg.keys() {
		raw, written := sample[k.name]
		require.True(t, written, "%s does not say %s", sampleFile, k.name)
		require.True(t, k.value.set(raw), "%s: %s cannot be read", sampleFile, k.name)
		delete(sample, k.name)
	}
	require.Empty(t, sample, "%s has keys that do not exist", sampleFile)
	require.Equal(t, Default(), cfg)
}

func TestSampleLoadsAsTheDefault(t *testing.T) {
	t.Parallel()
	got, notices, err := Load(Options{Role: RoleServe, Environ: []string{"CARILLON_CONFIG=" + sampleFile}})
	require.NoError(t, err)
	require.Empty(t, notices)
	want := Default()
	want.Name, err = os.Hostname()
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func TestSampleTellsTheOrderOfKeys(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(sampleFile)
	require.NoError(t, err)
	var written []string
	for line := range strings.Lines(string(content)) {
		name, _, found := strings.Cut(line, ":")
		if found && !strings.ContainsAny(name, "# ") {
			written = append(written, name)
		}
	}
	var listed []string
	for _, k := range new(Config).keys() {
		listed = append(listed, k.name)
	}
	require.Equal(t, listed, written)
}

// Each field of Config must be bound to exactly one key; a forgotten one could never be configured.
func TestEveryFieldHasAKey(t *testing.T) {
	t.Parallel()
	var cfg Config
	bound := map[any]string{}
	for _, k := range cfg.keys() {
		field := reflect.ValueOf(k.value).FieldByName("field").UnsafePointer()
		require.NotContains(t, bound, field, "%s fills the field of another key", k.name)
		bound[field] = k.name
	}
	config, batches := reflect.ValueOf(&cfg).Elem(), reflect.ValueOf(&cfg.Batches).Elem()
	for _, v := range []reflect.Value{config, batches} {
		for i := range v.NumField() {
			require.Contains(t, bound, v.Field(i).Addr().UnsafePointer(), "no key for %s.%s", v.Type(), v.Type().Field(i).Name)
		}
	}
	require.Len(t, bound, config.NumField()-1+batches.NumField(), "one for each value")
}

func TestKeyNamesAreUnique(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, k := range new(Config).keys() {
		require.NotEmpty(t, k.help, k.name)
		require.NotZero(t, k.roles, k.name)
		names := []string{k.name}
		if k.was != "" && k.was != k.name {
			names = append(names, k.was)
		}
		for _, name := range names {
			require.False(t, seen[name], name)
			seen[name] = true
		}
	}
}

func TestSecretsAreNeverPrinted(t *testing.T) {
	t.Parallel()
	cfg := Default()
	cfg.Database = "postgres://carillon:hush-hush@db/carillon"
	cfg.JoinToken = "hush-hush-hush-hush"
	cfg.AdminPassword = "hush-hush"

	var printed strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		fmt.Fprintf(&printed, verb, cfg)
		fmt.Fprintf(&printed, verb, &cfg)
		fmt.Fprintf(&printed, verb, cfg.JoinToken)
	}
	asJSON, err := json.Marshal(cfg)
	require.NoError(t, err)
	printed.Write(asJSON)
	slog.New(slog.NewTextHandler(&printed, nil)).Info("configuration", "config", cfg, "token", cfg.JoinToken)
	slog.New(slog.NewJSONHandler(&printed, nil)).Info("configuration", "config", &cfg, "token", cfg.JoinToken)

	require.NotContains(t, printed.String(), "hush")
	require.NotContains(t, printed.String(), fmt.Sprintf("%x", "hush"))
	require.Contains(t, printed.String(), "join_token=[redacted]")
	require.Equal(t, "hush-hush", cfg.AdminPassword.Reveal())
}
