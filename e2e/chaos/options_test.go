package chaos

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/e2e/chaos/evidence"
)

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	skewed, plain := filepath.Join(dir, "skewed"), filepath.Join(dir, "plain")
	require.NoError(t, os.WriteFile(skewed, []byte("\x00 "+offsetEnv), 0o600))
	require.NoError(t, os.WriteFile(plain, []byte("\x00"), 0o600))
	good := Options{Carillon: skewed, Harness: "h", Dir: dir, Database: SQLite}
	require.NoError(t, good.complete())
	require.Equal(t, []int{1, 3, 30, 20}, []int{good.Masters, good.Workers, good.Tasks, good.Rate})
	require.Equal(t, []time.Duration{5 * time.Minute, 90 * time.Second}, []time.Duration{good.Time, good.Settle})
	for want, spoil := range map[string]func(*Options){
		"Options.Carillon is required":   func(o *Options) { o.Carillon = "" },
		"Options.Dir is required":        func(o *Options) { o.Dir = "" },
		"none of [restart] is a fault":   func(o *Options) { o.Kinds = []evidence.Kind{evidence.Restart} },
		`"oracle" is not a database`:     func(o *Options) { o.Database = "oracle" },
		"two workers":                    func(o *Options) { o.Workers = 1 },
		"at least 30s":                   func(o *Options) { o.Time = time.Second },
		"was built without the tag skew": func(o *Options) { o.Carillon = plain },
	} {
		o := good
		spoil(&o)
		require.ErrorContains(t, o.complete(), want)
	}
	_, err := Databases("postgres,oracle")
	require.ErrorContains(t, err, `"oracle" is not a database`)
	all, err := Databases("sqlite,mariadb")
	require.NoError(t, err)
	require.Equal(t, []string{SQLite, MariaDB}, all)
}
