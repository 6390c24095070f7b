package conf

import (
	"strings"
	"time"

	"github.com/carillonhq/carillon/core"
)

// DefaultGRPCPort is where a master waits for workers; a master's address without a port means it.
const DefaultGRPCPort = "30010"

// key is one configuration key: its names, what it concerns, its help, and the field it fills with the rule it obeys.
type key struct {
	// name is the key in the YAML file. The flag and the environment variable are spelled after it.
	name string
	// was is the option that ScheduleMaster's operators know it by; it works as a flag and after SMCORE_.
	was string
	// roles are the processes it concerns.
	roles Role
	// noFlag keeps a secret off the command line, which every user of the machine can read.
	noFlag bool
	value  value
	help   string
}

func (k key) flag() string { return strings.ReplaceAll(k.name, "_", "-") }

func (k key) env() string { return envPrefix + strings.ToUpper(k.name) }

// oldEnv is ScheduleMaster's environment variable, "" when it has none.
func (k key) oldEnv() string {
	if k.was == "" {
		return ""
	}
	return oldEnvPrefix + strings.ToUpper(k.was)
}

// given returns a refused value for an Error, nothing when it is a secret.
func (k key) given(v string) string {
	if _, isSecret := k.value.(one[Secret]); isSecret {
		return ""
	}
	return v
}

// keys lists every key, bound to the fields of c, in the order of the sample file. A new key is a field, a default, a
// line here and a paragraph in carillon.yaml; a test fails until all four agree.
func (c *Config) keys() []key {
	return []key{
		{name: "http_addr", roles: masters, value: listenAddress(&c.HTTPAddr),
			help: "`HOST:PORT` of the API and the pages"},
		{name: "grpc_addr", roles: masters, value: listenAddress(&c.GRPCAddr),
			help: "`HOST:PORT` where workers connect"},
		{name: "data", roles: all, value: path(&c.Data),
			help: "`directory` of the SQLite file and the plugin cache"},
		{name: "database", roles: masters | RoleAdmin, value: secret(&c.Database, 1, 4096),
			help: "`URL` of the database server (default: the SQLite file in --data)"},

		{name: "name", was: "identity", roles: nodes, value: nodeName(&c.Name),
			help: "`name` of this node (default: the host name)"},
		{name: "master", was: "workerof", roles: RoleWorker, value: dialAddresses(&c.Masters),
			help: "`HOST:PORT` of a master, or several with commas between"},
		{name: "priority", was: "priority", roles: workers, value: number(&c.Priority, 1, core.MaxWeight),
			help: "`weight` of this worker: one of weight 2 takes twice the share of one of weight 1"},
		{name: "maxc", was: "maxc", roles: workers, value: number(&c.MaxC, 1, core.MaxSlots),
			help: "slots: the `number` of runs this worker does at once"},
		{name: "labels", roles: workers, value: labels(&c.Labels),
			help: "`labels` of this worker, with commas between; tasks may ask for one"},
		{name: "autor", was: "autor", roles: RoleWorker, value: boolean(&c.AutoRegister),
			help: "register by itself; with --autor=false an administrator adds the node first"},
		{name: "join_token", roles: nodes, noFlag: true, value: secret(&c.JoinToken, 16, 256),
			help: "what a worker proves itself with"},
		{name: "admin_password", roles: masters, noFlag: true, value: secret(&c.AdminPassword, core.MinPassword, core.MaxPassword),
			help: "first password of admin"},

		{name: "log_level", roles: all, value: level(&c.LogLevel),
			help: "least `level` to log: debug, info, warn or error"},
		{name: "log_format", roles: all, value: oneOf(&c.LogFormat, "text", "json"),
			help: "`format` of the log: text or json"},
		{name: "metrics", roles: masters, value: boolean(&c.Metrics),
			help: "serve /metrics"},

		{name: "time_zone", roles: masters, value: zone(&c.TimeZone),
			help: "`zone` of times that name none, such as Asia/Shanghai (default: the machine's)"},
		{name: "drain_timeout", roles: nodes, value: span(&c.DrainTimeout, 0, time.Hour),
			help: "how long a clean stop waits for started runs"},

		{name: "outbound_allow", roles: nodes, value: prefixes(&c.OutboundAllow),
			help: "`networks` that callbacks may dial, CIDR (default: all that are not denied)"},
		{name: "outbound_deny", roles: nodes, value: prefixes(&c.OutboundDeny),
			help: "`networks` that callbacks may never dial, CIDR"},
	}
}
