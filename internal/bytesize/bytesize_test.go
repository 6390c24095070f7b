package bytesize_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/internal/bytesize"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{
		"0": 0, "1": 1, "1000": 1000, "7B": 7, "1KB": 1000, "1 KiB": 1024, "512MiB": 512 << 20, " 2GiB ": 2 << 30, "3MB": 3e6, "1GB": 1e9,
		"1TB": 1e12, "8388607TiB": 8388607 << 40,
	} {
		n, ok := bytesize.Parse(text)
		require.True(t, ok, text)
		require.Equal(t, want, n, text)
	}
	for _, text := range []string{"", "B", "MiB", "-1", "-1MiB", "1.5GiB", "5 apples", "1mib", "1 MiB MiB", "8388608TiB", "99999999999999999999"} {
		_, ok := bytesize.Parse(text)
		require.False(t, ok, text)
	}
}

func TestFormat(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "0", 1: "1", 1000: "1000", 1024: "1KiB", 1 << 20: "1MiB", 256 << 20: "256MiB", 3 << 30: "3GiB", 1<<40 + 1: "1099511627777"} {
		require.Equal(t, want, bytesize.Format(n))
		back, ok := bytesize.Parse(want)
		require.True(t, ok)
		require.Equal(t, n, back)
	}
}
