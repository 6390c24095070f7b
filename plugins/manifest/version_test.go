package manifest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/plugins/manifest"
)

func TestVersionsAreOrdered(t *testing.T) {
	t.Parallel()
	ordered := []string{
		"0.0.1", "0.9.9", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",
		"1.0.0", "1.0.0+a", "1.0.0+b", "1.0.1", "1.2.0", "1.10.0", "2.0.0",
	}
	for i, a := range ordered {
		for j, b := range ordered {
			want := 0
			if i < j {
				want = -1
			} else if i > j {
				want = 1
			}
			require.Equal(t, want, manifest.Compare(a, b), "%s, %s", a, b)
		}
	}
}

func TestLatest(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		versions []string
		want     string
	}{
		{nil, ""},
		{[]string{"1.0.0"}, "1.0.0"},
		{[]string{"1.10.0", "1.9.0"}, "1.10.0"},
		{[]string{"1.0.0", "2.0.0-rc.1"}, "1.0.0"},
		{[]string{"2.0.0-rc.1", "1.0.0"}, "1.0.0"},
		{[]string{"2.0.0-rc.1", "2.0.0-rc.2"}, "2.0.0-rc.2"},
		{[]string{"1.0.0+b", "1.0.0+a"}, "1.0.0+b"},
	} {
		require.Equal(t, c.want, manifest.Latest(c.versions), "%v", c.versions)
	}
}

func TestExecutable(t *testing.T) {
	t.Parallel()
	m, err := manifest.Parse([]byte(whole))
	require.NoError(t, err)
	for _, c := range []struct{ os, arch, want string }{
		{"linux", "amd64", "bin/hello-linux-amd64"},
		{"windows", "amd64", "bin/hello.exe"},
		{"linux", "arm64", "hello.py"},
	} {
		file, err := m.Executable(c.os, c.arch)
		require.NoError(t, err)
		require.Equal(t, c.want, file)
	}
	delete(m.Executables, manifest.AnyPlatform)
	_, err = m.Executable("linux", "arm64")
	requireError(t, err, "executables", "has none for linux/arm64; it has them for linux/amd64, windows/amd64")
}
