package chaos

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A process writes until the disk is full, is refused while it is, and goes on once there is room: on a file system of its
// own, and on the machine's by a limit.
func TestDiskIsFull(t *testing.T) {
	t.Parallel()
	for name, mounted := range map[string]bool{"mounted": true, "limited": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := &disk{dir: t.TempDir()}
			if mounted {
				require.NoError(t, d.mount(d.dir))
				if !d.mounted {
					t.Skip("nothing may be mounted here, which takes CAP_SYS_ADMIN")
				}
				defer func() { require.NoError(t, d.unmount()) }()
			}
			wal := filepath.Join(d.dir, "carillon.db-wal")
			require.NoError(t, os.WriteFile(wal, []byte("x"), 0o600))
			writer := exec.Command("sh", "-c", `trap '' XFSZ; while read line; do if echo more >> carillon.db-wal; then echo yes; else echo no; fi; done`)
			writer.Dir = d.dir
			in, err := writer.StdinPipe()
			require.NoError(t, err)
			out, err := writer.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, writer.Start())
			write := func() string {
				_, err := in.Write([]byte("\n"))
				require.NoError(t, err)
				answer := make([]byte, 4)
				n, err := out.Read(answer)
				require.NoError(t, err)
				return string(answer[:n])
			}
			require.Equal(t, "yes\n", write())
			if mounted { // the first page of a file has room
				require.NoError(t, os.Truncate(wal, 4096))
			}
			free, err := d.fill(writer.Process.Pid)
			require.NoError(t, err)
			require.Equal(t, "no\n", write())
			require.NoError(t, free())
			require.Equal(t, "yes\n", write())
			require.NoError(t, in.Close())
			require.NoError(t, writer.Wait())
		})
	}
}
