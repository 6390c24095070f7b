package bench

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestOptions(t *testing.T) {
	t.Parallel()
	good := DefaultOptions()
	good.Executable = "carillon"
	require.NoError(t, good.Validate())
	bare := DefaultOptions()
	require.EqualError(t, bare.Validate(), "there is no binary to start")

	for name, c := range map[string]struct {
		change func(*Options)
		want   string
	}{
		"scenario":        {func(o *Options) { o.Scenario = "brust" }, `--scenario "brust" must be burst, steady, cron, pending or all`},
		"shape":           {func(o *Options) { o.Shape = "" }, `--shape "" must be whole or spread`},
		"no count":        {func(o *Options) { o.Count = 0 }, "--count must be from 1 to 1000000"},
		"large count":     {func(o *Options) { o.Count = 1_000_001 }, "--count must be from 1 to 1000000"},
		"tasks":           {func(o *Options) { o.Tasks = -1 }, "--tasks must be from 1 to 20000"},
		"rate":            {func(o *Options) { o.Rate, o.Seconds = 50_001, 1 }, "--rate must be from 1 to 50000"},
		"seconds":         {func(o *Options) { o.Rate, o.Tasks, o.Seconds = 1, 1, 3_601 }, "--seconds must be from 1 to 3600"},
		"clients":         {func(o *Options) { o.Clients = 1_025 }, "--clients must be from 1 to 1024"},
		"callbacks":       {func(o *Options) { o.Rate, o.Seconds = 10_000, 101 }, "--rate times --seconds must be at most 1000000"},
		"firings":         {func(o *Options) { o.Rate, o.Tasks, o.Seconds = 1, 20_000, 251 }, "--tasks times --seconds must be at most 5000000"},
		"lead":            {func(o *Options) { o.Lead = -time.Second }, "--lead must be from 0s to 1h0m0s"},
		"timeout":         {func(o *Options) { o.Timeout = 0 }, "--timeout must be from 100ms to 24h0m0s"},
		"target's scheme": {func(o *Options) { o.Target, o.Password = "https://h", "p" }, `--target "https://h" must be a base URL such as http://127.0.0.1:30000`},
		"target's path":   {func(o *Options) { o.Target, o.Password = "http://h/x", "p" }, `--target "http://h/x" must be a base URL such as http://127.0.0.1:30000`},
		"password":        {func(o *Options) { o.Target = "http://h" }, "a --target needs --user and the password in CARILLON_BENCH_PASSWORD"},
		"pending": {func(o *Options) { o.Target, o.Password, o.Scenario = "http://h", "p", ScenarioPending },
			"--scenario pending restarts the server, so it needs one of its own: leave --target out"},
		"several": {func(o *Options) { o.Count, o.Clients = 0, 0 }, "--count must be from 1 to 1000000\n--clients must be from 1 to 1024"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := good
			c.change(&o)
			require.EqualError(t, o.Validate(), c.want)
		})
	}
}

func TestPlainEnviron(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"HOME=/root", "GOGC=200"},
		plainEnviron(strings.Fields("HOME=/root CARILLON_DATABASE=x SMCORE_WORKEROF=y GOGC=200 CARILLON_CONFIG=z")))
}
