package conf

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

// Half of a set of TLS files is refused by the name of the key that is missing: running on without TLS would be worse.
func TestHalfConfiguredTLSIsRefused(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		role   Role
		change func(*Config)
		want   string // the key that is named; "" when nothing is wrong
		tls    bool
	}{
		{"nothing", RoleMaster, func(*Config) {}, "", false},
		{"a certificate and its key", RoleMaster, func(c *Config) { c.GRPCTLSCert, c.GRPCTLSKey = "c", "k" }, "", true},
		{"and authorities", RoleServe, func(c *Config) { c.GRPCTLSCert, c.GRPCTLSKey, c.GRPCTLSCA = "c", "k", "a" }, "", true},
		{"a certificate alone", RoleMaster, func(c *Config) { c.GRPCTLSCert = "c" }, "grpc_tls_key", true},
		{"a key alone", RoleMaster, func(c *Config) { c.GRPCTLSKey = "k" }, "grpc_tls_cert", false},
		{"authorities alone", RoleServe, func(c *Config) { c.GRPCTLSCA = "a" }, "grpc_tls_cert", false},
		{"a key and authorities", RoleServe, func(c *Config) { c.GRPCTLSKey, c.GRPCTLSCA = "k", "a" }, "grpc_tls_cert", false},
		{"a master's keys on a worker", RoleWorker, func(c *Config) { c.GRPCTLSCert = "c" }, "", false},
		{"the system's authorities", RoleWorker, func(c *Config) { c.MasterTLS = true }, "", true},
		{"own authorities", RoleWorker, func(c *Config) { c.MasterCA = "a" }, "", true},
		{"with a certificate", RoleWorker, func(c *Config) { c.MasterCA, c.MasterCert, c.MasterKey = "a", "c", "k" }, "", true},
		{"a certificate, the system's authorities", RoleWorker, func(c *Config) { c.MasterTLS, c.MasterCert, c.MasterKey = true, "c", "k" }, "", true},
		{"a worker's certificate without its key", RoleWorker, func(c *Config) { c.MasterCA, c.MasterCert = "a", "c" }, "master_key", true},
		{"a worker's key without its certificate", RoleWorker, func(c *Config) { c.MasterCA, c.MasterKey = "a", "k" }, "master_cert", true},
		{"a certificate and no TLS", RoleWorker, func(c *Config) { c.MasterCert, c.MasterKey = "c", "k" }, "master_ca", false},
		{"a worker's keys on a master", RoleMaster, func(c *Config) { c.MasterCert = "c" }, "", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			cfg := Default()
			cfg.Masters = []string{"m:1"}
			tc.change(&cfg)
			err := cfg.Validate(tc.role)
			if tc.want == "" {
				require.NoError(t, err)
				require.Equal(t, tc.tls, tc.role == RoleWorker && cfg.TLSToMasters() || tc.role != RoleWorker && cfg.TLSToWorkers())
				return
			}
			var problems Errors
			require.True(t, errors.As(err, &problems), err)
			require.Len(t, problems, 1, "one mistake is reported once")
			require.Equal(t, tc.want, problems[0].Key)
			require.ErrorContains(t, err, "must be given too")
		})
	}
}
