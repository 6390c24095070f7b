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
		{name: "grpc_tls_cert", roles: masters, value: file(&c.GRPCTLSCert),
			help: "`file` of the certificate shown to workers (default: no TLS)"},
		{name: "grpc_tls_key", roles: masters, value: file(&c.GRPCTLSKey),
			help: "`file` of that certificate's key"},
		{name: "grpc_tls_ca", roles: masters, value: file(&c.GRPCTLSCA),
			help: "`file` of the authorities that workers' certificates must come from (default: none is asked for)"},

		{name: "data", roles: all, value: path(&c.Data),
			help: "`directory` of the SQLite file and the plugin cache"},
		{name: "database", roles: masters | RoleAdmin, value: secret(&c.Database, 1, 4096),
			help: "`URL` or ADO.NET connection string of the database (default: the SQLite file in --data)"},
		{name: "database_provider", roles: masters | RoleAdmin, value: provider(&c.DatabaseProvider),
			help: "`kind` of the connection string: mysql, postgresql or sqlserver (default: what the string tells)"},
		{name: "database_max_open", roles: masters | RoleAdmin, value: number(&c.DatabaseMaxOpen, 0, 10_000),
			help: "`number` of connections to a database server at most; 0: what the connection string says, or 16"},
		{name: "database_timeout", roles: masters | RoleAdmin, value: span(&c.DatabaseTimeout, 0, time.Hour),
			help: "how long a statement on a database server may take; 0: what the connection string says, or 10s"},
		{name: "database_idle_timeout", roles: masters | RoleAdmin, value: span(&c.DatabaseIdleTimeout, time.Second, time.Minute),
			help: "how long a database server lets a transaction stand in which nothing happens, in whole seconds"},

		{name: "plan_batch", roles: masters, value: number(&c.Batches.Plan, 1, core.MaxBatch),
			help: "`number` of tasks, or of delayed tasks, planned in one transaction at most"},
		{name: "create_batch", roles: masters, value: number(&c.Batches.Create, 1, core.MaxBatch),
			help: "`number` of creations of delayed tasks that share a commit at most"},
		{name: "reserve_batch", roles: masters, value: number(&c.Batches.Reserve, 1, core.MaxBatch),
			help: "`number` of runs reserved in one transaction at most"},
		{name: "reserve_memory", roles: masters, value: number(&c.Batches.ReserveMemory, core.MinReserveMemory, core.MaxReserveMemory),
			help: "memory that reserved runs may take, in `MiB`"},
		{name: "dispatch_batch", roles: masters, value: number(&c.Batches.Dispatch, 1, core.MaxBatch),
			help: "`number` of runs dispatched in one transaction at most"},
		{name: "record_batch", roles: masters, value: number(&c.Batches.Record, 1, core.MaxBatch),
			help: "`number` of outcomes recorded in one transaction at most"},
		{name: "record_wait", roles: masters, value: span(&c.Batches.RecordWait, core.MinRecordWait, core.MaxRecordWait),
			help: "how long an outcome waits for others to be recorded with"},
		{name: "retain_batch", roles: masters, value: number(&c.Batches.Retain, 1, core.MaxBatch),
			help: "`number` of rows of the history deleted in one transaction at most"},

		{name: "name", was: "identity", roles: nodes, value: nodeName(&c.Name),
			help: "`name` of this node (default: the host name)"},
		{name: "master", was: "workerof", roles: RoleWorker, value: dialAddresses(&c.Masters),
			help: "`HOST:PORT` of a master, or several with commas between"},
		{name: "master_tls", roles: RoleWorker, value: boolean(&c.MasterTLS),
			help: "dial masters by TLS and trust the system's authorities"},
		{name: "master_ca", roles: RoleWorker, value: file(&c.MasterCA),
			help: "dial masters by TLS and trust the authorities in this `file`"},
		{name: "master_cert", roles: RoleWorker, value: file(&c.MasterCert),
			help: "`file` of the certificate shown to masters"},
		{name: "master_key", roles: RoleWorker, value: file(&c.MasterKey),
			help: "`file` of that certificate's key"},
		{name: "priority", was: "priority", roles: workers, value: number(&c.Priority, 1, core.MaxWeight),
			help: "`weight` of this worker: one of weight 2 takes twice the share of one of weight 1"},
		{name: "maxc", was: "maxc", roles: workers, value: number(&c.MaxC, 1, core.MaxSlots),
			help: "slots: the `number` of runs this worker does at once"},
		{name: "labels", roles: workers, value: labels(&c.Labels),
			help: "`labels` of this worker, with commas between; tasks may ask for one"},
		{name: "autor", was: "autor", roles: RoleWorker, value: boolean(&c.AutoRegister),
			help: "take runs as soon as it has joined; with --autor=false an administrator enables it first"},
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
		{name: "secure_cookies", roles: masters, value: boolean(&c.SecureCookies),
			help: "have browsers send sessions by HTTPS only"},

		{name: "time_zone", roles: masters, value: zone(&c.TimeZone),
			help: "`zone` of times that name none, such as Asia/Shanghai (default: the machine's)"},
		{name: "drain_timeout", roles: nodes, value: span(&c.DrainTimeout, 0, time.Hour),
			help: "how long a clean stop waits for started runs"},

		{name: "outbound_allow", roles: nodes, value: prefixes(&c.OutboundAllow),
			help: "`networks` that callbacks may dial, CIDR (default: all that are not denied)"},
		{name: "outbound_deny", roles: nodes, value: prefixes(&c.OutboundDeny),
			help: "`networks` that callbacks may never dial, CIDR"},

		{name: "plugin_max_size", roles: nodes, value: size(&c.PluginMaxSize, 1<<10, 1<<40),
			help: "`size` that a plugin package may have"},
		{name: "plugin_keys", roles: nodes, value: publicKeys(&c.PluginKeys),
			help: "Ed25519 public `keys`, base64 with commas between; only plugin packages signed with one are taken and run"},
		{name: "plugins", roles: workers, value: boolean(&c.Plugins),
			help: "run plugins on this worker"},
		{name: "plugin_user", roles: workers, value: userName(&c.PluginUser),
			help: "`user` that plugins run as; takes root (default: the worker's own)"},
		{name: "plugin_memory", roles: workers, value: size(&c.PluginMemory, 0, 1<<40),
			help: "memory that a plugin may have with all that it starts, a `size`; 0: no limit"},
		{name: "plugin_cpu_time", roles: workers, value: span(&c.PluginCPUTime, 0, 30*24*time.Hour),
			help: "CPU time that a plugin process may have, in whole seconds; 0: no limit"},
		{name: "plugin_open_files", roles: workers, value: number(&c.PluginOpenFiles, 0, 1<<20),
			help: "`number` of files that a plugin process may have open; 0: no limit"},
		{name: "plugin_processes", roles: workers, value: number(&c.PluginProcesses, 0, 1<<20),
			help: "`number` of processes and threads that a plugin may have; 0: no limit"},
		{name: "plugin_cache_size", roles: workers, value: size(&c.PluginCacheSize, 1<<20, 1<<50),
			help: "`size` of the packages that are kept on disk"},
		{name: "plugin_start_timeout", roles: workers, value: span(&c.PluginStartTimeout, time.Second, time.Hour),
			help: "how long a plugin may take to start"},
		{name: "plugin_grace", roles: workers, value: span(&c.PluginGrace, time.Millisecond, time.Hour),
			help: "how long a cancelled run, or the teardown of a plugin, may take to end before the process is killed"},
		{name: "plugin_idle", roles: workers, value: span(&c.PluginIdle, time.Second, 24*time.Hour),
			help: "how long a plugin process without runs is kept"},
		{name: "plugin_max_runs", roles: workers, value: number(&c.PluginMaxRuns, 1, 1_000_000_000),
			help: "`number` of runs that a plugin process has before another takes its place"},
		{name: "plugin_max_started", roles: workers, value: number(&c.PluginMaxStarted, 1, 10_000),
			help: "`number` of plugin processes at once; runs wait for one of them"},
	}
}
