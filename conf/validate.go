package conf

import (
	"errors"
	"net"
	"time"

	"github.com/carillonhq/carillon/conf/dsn"
)

// Validate checks every key by its own rule and the keys against each other. The error is an Errors with everything
// that is wrong for a process of this role.
func (c Config) Validate(role Role) error { return c.problems(role).orNil() }

func (c Config) problems(role Role) Errors {
	var problems Errors
	for _, k := range c.keys() {
		if !k.value.valid() {
			problems = append(problems, &Error{Key: k.name, Given: k.given(k.value.text()), Want: k.value.want()})
		}
	}
	refuse := func(wrong bool, name, given, want string) {
		if wrong && !problems.have(name) {
			problems = append(problems, &Error{Key: name, Given: given, Want: want})
		}
	}
	refuse(role == RoleWorker && len(c.Masters) == 0, "master", "",
		"must be given: a worker dials a master's HOST:PORT, or one of several with commas between")
	refuse(role&masters != 0 && samePort(c.HTTPAddr, c.GRPCAddr), "grpc_addr", c.GRPCAddr,
		"must have another port than http_addr")
	if role&(masters|RoleAdmin) != 0 {
		refuse(c.Database == "" && c.DatabaseProvider != "", "database_provider", c.DatabaseProvider,
			"goes with a connection string, and the key database is empty")
		if _, err := c.DatabaseTarget(); err != nil && !problems.have("database_provider") {
			want := err.Error()
			if _, aboutProvider := errors.AsType[*dsn.ProviderError](err); aboutProvider {
				want += ": set database_provider (CARILLON_DATABASE_PROVIDER) to " + dsn.Providers
			}
			refuse(true, "database", "", want)
		}
	}
	if role&masters != 0 {
		refuse(c.GRPCTLSCert == "" && c.GRPCTLSKey != "", "grpc_tls_cert", "", "must be given too: grpc_tls_key is the key of a certificate")
		refuse(c.GRPCTLSCert != "" && c.GRPCTLSKey == "", "grpc_tls_key", "", "must be given too: it is the key of grpc_tls_cert")
		refuse(c.GRPCTLSCert == "" && c.GRPCTLSCA != "", "grpc_tls_cert", "",
			"must be given too, with its key: grpc_tls_ca asks workers for certificates, which takes TLS")
	}
	if role&workers != 0 {
		refuse(c.PluginCPUTime%time.Second != 0, "plugin_cpu_time", formatSpan(c.PluginCPUTime), "must be in whole seconds")
	}
	if role == RoleWorker {
		refuse(c.MasterCert == "" && c.MasterKey != "", "master_cert", "", "must be given too: master_key is the key of a certificate")
		refuse(c.MasterCert != "" && c.MasterKey == "", "master_key", "", "must be given too: it is the key of master_cert")
		refuse(c.MasterCert != "" && !c.TLSToMasters(), "master_ca", "",
			"or master_tls must be given too: a certificate is shown in TLS only")
	}
	return problems
}

// TLSToMasters says whether a worker dials masters by TLS.
func (c Config) TLSToMasters() bool { return c.MasterTLS || c.MasterCA != "" }

// TLSToWorkers says whether a master speaks TLS with workers.
func (c Config) TLSToWorkers() bool { return c.GRPCTLSCert != "" }

// samePort reports whether two listen addresses claim the same port on the same or on every address.
func samePort(a, b string) bool {
	hostA, portA, _ := net.SplitHostPort(a)
	hostB, portB, _ := net.SplitHostPort(b)
	return portA == portB && portA != "" && portA != "0" && (hostA == hostB || hostA == "" || hostB == "")
}
