package zonename

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// local is the zone of a machine as Go has it: without its name.
func local(t *testing.T, name string) *time.Location {
	t.Helper()
	for _, folder := range []string{"/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo"} {
		if data, err := os.ReadFile(filepath.Join(folder, name)); err == nil {
			zone, err := time.LoadLocationFromTZData("Local", data)
			require.NoError(t, err)
			return zone
		}
	}
	t.Skip("there is no time zone database: apt install tzdata")
	return nil
}

func TestMachinesZone(t *testing.T) {
	t.Parallel()
	shanghai := local(t, "Asia/Shanghai")
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, c := range map[string]struct {
		link, text, want string
	}{
		"a link":                       {link: "/usr/share/zoneinfo/Asia/Shanghai", want: "Asia/Shanghai"},
		"a link to posix":              {link: "../usr/share/zoneinfo/posix/Asia/Shanghai", want: "Asia/Shanghai"},
		"a file":                       {text: "Asia/Shanghai\n", want: "Asia/Shanghai"},
		"a file that is out of date":   {text: "Europe/Paris\n"},
		"a link elsewhere, and a file": {link: "/etc/elsewhere", text: " Asia/Shanghai", want: "Asia/Shanghai"},
		"no name":                      {text: "nonsense"},
		"an empty file":                {text: "\n"},
		"nothing":                      {},
	} {
		folder := t.TempDir()
		m := machine{filepath.Join(folder, "localtime"), filepath.Join(folder, "timezone")}
		if c.link != "" {
			require.NoError(t, os.Symlink(c.link, m.localtime))
		}
		if c.text != "" {
			require.NoError(t, os.WriteFile(m.timezone, []byte(c.text), 0o600))
		}
		require.Equal(t, c.want, m.name(shanghai), name)
	}
	require.Equal(t, "UTC+08:00", Offset(shanghai, at))
}

func TestNamedZones(t *testing.T) {
	t.Parallel()
	paris, err := time.LoadLocation("Europe/Paris")
	require.NoError(t, err)
	require.Equal(t, "Europe/Paris", Of(paris, time.Time{}))
	require.Equal(t, "UTC", Of(time.UTC, time.Time{}))
	require.Equal(t, "Asia/Shanghai", Of(time.FixedZone("/usr/share/zoneinfo/Asia/Shanghai", 0), time.Time{}), "as TZ may have it")
	require.Equal(t, "UTC+02:00", Offset(paris, time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)))
	require.NotEqual(t, "Local", Of(time.Local, time.Now()))
}
