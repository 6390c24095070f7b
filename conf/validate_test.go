package conf

import (
	"crypto/ed25519"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestDefaultIsValid(t *testing.T) {
	t.Parallel()
	for _, role := range []Role{RoleServe, RoleMaster, RoleAdmin} {
		require.NoError(t, Default().Validate(role))
	}
	require.ErrorContains(t, Default().Validate(RoleWorker), "master: must be given")
}

func TestRules(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"address without port":     {func(c *Config) { c.HTTPAddr = "localhost" }, `http_addr: "localhost" must be HOST:PORT`},
		"port out of range":        {func(c *Config) { c.GRPCAddr = ":70000" }, `grpc_addr: ":70000" must be HOST:PORT`},
		"one port for both":        {func(c *Config) { c.GRPCAddr = "127.0.0.1:30000" }, "grpc_addr: \"127.0.0.1:30000\" must have another port than http_addr"},
		"no data directory":        {func(c *Config) { c.Data = "" }, "data: must be the path"},
		"name with a comma":        {func(c *Config) { c.Name = "a,b" }, `name: "a,b" must be 1 to 100`},
		"name too long":            {func(c *Config) { c.Name = strings.Repeat("节", 101) }, "name: "},
		"name with a control code": {func(c *Config) { c.Name = "a\x00" }, "name: "},
		"master as a URL":          {func(c *Config) { c.Masters = []string{"http://m:30000"} }, `master: "http://m:30000" must be HOST:PORT`},
		"weight of nothing":        {func(c *Config) { c.Priority = 0 }, `priority: "0" must be a whole number from 1 to 1000`},
		"label of nothing":         {func(c *Config) { c.Labels = []string{""} }, "labels: must be"},
		"short token":              {func(c *Config) { c.JoinToken = "123456789012345" }, "join_token: must be"},
		"level between levels":     {func(c *Config) { c.LogLevel = 1 }, `log_level: "info+1" must be`},
		"unknown format":           {func(c *Config) { c.LogFormat = "xml" }, `log_format: "xml" must be text or json`},
		"no zone":                  {func(c *Config) { c.TimeZone = nil }, "time_zone: must be a zone"},
		"no network":               {func(c *Config) { c.OutboundDeny = []netip.Prefix{{}} }, `outbound_deny: "invalid Prefix" must be`},
		"no batch":                 {func(c *Config) { c.Batches.Record = 0 }, `record_batch: "0" must be a whole number from 1 to 5000`},
		"batch beyond a timeout":   {func(c *Config) { c.Batches.Plan = 5001 }, `plan_batch: "5001" must be a whole number from 1 to 5000`},
		"too little memory":        {func(c *Config) { c.Batches.ReserveMemory = 7 }, `reserve_memory: "7" must be a whole number from 8 to 1024`},
		"wait beyond its promise":  {func(c *Config) { c.Batches.RecordWait = time.Second }, `record_wait: "1s" must be a time span from 1ms to 50ms`},
		"no plugin at all":         {func(c *Config) { c.PluginMaxSize = 0 }, `plugin_max_size: "0" must be a number of bytes from 1KiB to 1TiB`},
		"short plugin key":         {func(c *Config) { c.PluginKeys = []ed25519.PublicKey{{1}} }, `plugin_keys: "AQ==" must be a list of Ed25519 public keys`},
		"user with a space":        {func(c *Config) { c.PluginUser = "no body" }, `plugin_user: "no body" must be the name or number of a user`},
		"half a second of CPU":     {func(c *Config) { c.PluginCPUTime = 500 * time.Millisecond }, `plugin_cpu_time: "500ms" must be in whole seconds`},
		"no plugin process":        {func(c *Config) { c.PluginMaxStarted = 0 }, `plugin_max_started: "0" must be a whole number from 1 to 10000`},
		"negative drain":           {func(c *Config) { c.DrainTimeout = -time.Hour }, `drain_timeout: "-1h" must be a time span from 0s to 1h`},
	} {
		cfg := Default()
		tt.change(&cfg)
		err := cfg.Validate(RoleServe)
		require.ErrorContains(t, err, tt.want, name)
		require.NotContains(t, err.Error(), "\n", "%s: one mistake is reported once", name)
	}
}

func TestRulesThatAllow(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Config){
		"free ports":      func(c *Config) { c.HTTPAddr, c.GRPCAddr = "127.0.0.1:0", "127.0.0.1:0" },
		"two addresses":   func(c *Config) { c.HTTPAddr, c.GRPCAddr = "10.0.0.1:80", "10.0.0.2:80" },
		"no drain":        func(c *Config) { c.DrainTimeout = 0 },
		"Chinese names":   func(c *Config) { c.Name, c.Labels = "节点1", []string{"上海"} },
		"host with a dot": func(c *Config) { c.Name = "web-1.example.com" },
	} {
		cfg := Default()
		change(&cfg)
		require.NoError(t, cfg.Validate(RoleServe), name)
	}
}

func TestSpans(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"30d": 720 * time.Hour, "720h": 720 * time.Hour, "1d12h": 36 * time.Hour, "0": 0, "0s": 0, "1h30m": 90 * time.Minute,
		"200ms": 200 * time.Millisecond, "1.5s": 1500 * time.Millisecond, "10m": 10 * time.Minute, "2h0m5s": 2*time.Hour + 5*time.Second,
	} {
		got, err := parseSpan(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
		again, err := parseSpan(formatSpan(got))
		require.NoError(t, err, text)
		require.Equal(t, want, again, text)
	}
	for _, text := range []string{"", "10", "d", "-1d", "1d2", "1.5d", "1d1d", "99999999d", "ten"} {
		_, err := parseSpan(text)
		require.Error(t, err, text)
	}
	require.Equal(t, "30d", formatSpan(720*time.Hour))
	require.Equal(t, "1h30m", formatSpan(90*time.Minute))
	require.Equal(t, "1h", formatSpan(time.Hour))
}
