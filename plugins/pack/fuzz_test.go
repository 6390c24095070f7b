package pack_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/plugins/pack"
)

// Whatever the file is: Check and Extract agree on it, Extract writes into its own directory only and leaves nothing there
// after an error, and what a package holds is within the limits.
func FuzzPackages(f *testing.F) {
	f.Add(parcel(f))
	f.Add(parcel(f, entry{name: "a/b", content: "x"}, entry{name: "c/", mode: fs.ModeDir}))
	f.Add(parcel(f, entry{name: "../a", content: "x"}))
	f.Add(parcel(f, entry{name: "l", content: "/etc/passwd", mode: fs.ModeSymlink}))
	f.Add(parcel(f, entry{name: "z", content: strings.Repeat("\x00", 2<<20)}))
	f.Add(parcel(f, yaml("{linux/amd64: x}"), entry{name: "x", content: elfHead}))
	f.Add(parcel(f)[:200])
	f.Fuzz(func(t *testing.T, data []byte) {
		checked, err := pack.Check(bytes.NewReader(data), int64(len(data)), pack.Options{Limits: small})
		top := t.TempDir()
		into := filepath.Join(top, "b", "here")
		require.NoError(t, os.Mkdir(filepath.Dir(into), 0o750))
		extracted, extractErr := pack.Extract(bytes.NewReader(data), int64(len(data)), into, pack.Options{Limits: small})
		require.Equal(t, err == nil, extractErr == nil, "%v, %v", err, extractErr)
		if err != nil {
			require.NotEmpty(t, core.CodeOf(err), "%v", err)
			require.NotEmpty(t, core.CodeOf(extractErr), "%v", extractErr)
			require.Empty(t, tree(t, top))
			return
		}
		require.Equal(t, checked, extracted)
		require.Len(t, tree(t, top), checked.Files)
		require.Len(t, tree(t, into), checked.Files)
		require.LessOrEqual(t, checked.Unpacked, small.Unpacked)
	})
}
