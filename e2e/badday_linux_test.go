package e2e

import (
	"bytes"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	v1 "github.com/carillonhq/carillon/master/api/v1"
)

// smallDisk mounts a file system of 32 MiB for a test.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("carillon-e2e", dir, "tmpfs", 0, "size=32m"); err != nil {
		t.Skipf("a small disk cannot be mounted here, which takes CAP_SYS_ADMIN: %v", err)
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, 0)) })
	return dir
}

// fill takes what is left of a disk, and gives a function that gives it back.
func fill(t *testing.T, disk string) (free func()) {
	t.Helper()
	name := filepath.Join(disk, "ballast")
	f, err := os.Create(name)
	require.NoError(t, err)
	defer f.Close()
	for err == nil {
		_, err = f.Write(bytes.Repeat([]byte{1}, 64<<10))
	}
	require.ErrorIs(t, err, syscall.ENOSPC)
	return func() { require.NoError(t, os.Remove(name)) }
}

// With its disk full a server tells its callers so, and stores nothing by halves; with room again it goes on where it was.
func TestDiskIsFull(t *testing.T) {
	skipLong(t)
	t.Parallel()
	disk := smallDisk(t)
	target := newSink(t)
	release := target.hold("/held")
	s := serve(t, "serve", filepath.Join(disk, "data"))
	acknowledged := map[string]bool{}
	create := func(seconds, path string) (int, error) {
		out, err := s.form("/api/delaytask/create", "SourceApp", "a", "Topic", "b", "ContentKey", "c", "DelayTimeSpan", seconds,
			"NotifyUrl", target.URL+path, "NotifyDataType", "application/json", "NotifyBody", string(bytes.Repeat([]byte("x"), 16<<10)))
		if id, ok := out.Data.(string); ok && out.Success {
			acknowledged[id] = true
		}
		return out.Status, err
	}
	for _, path := range []string{"/held", "/soon"} {
		status, err := create(map[string]string{"/held": "0.1", "/soon": "2"}[path], path)
		require.NoError(t, err)
		require.Equal(t, 1, status)
	}
	target.await("/held", 1, soon)
	free := fill(t, disk)
	refusals := 0
	for range 3000 { // the log of the database has some room of its own
		status, err := create("3600", "/far")
		require.NoError(t, err)
		if status == -2 {
			refusals++
		} else {
			require.Equal(t, 1, status)
		}
		if refusals == 20 {
			break
		}
	}
	require.Equal(t, 20, refusals)
	release()
	s.await(1, soon, `"msg":"outcomes could not be stored; trying again"`)
	free()
	eventually(t, soon, func() bool {
		status, err := create("0.1", "/after")
		return err == nil && status == 1
	}, "a creation is acknowledged again")
	target.await("/soon", 1, soon)
	target.await("/after", 1, soon)

	var far int
	for _, d := range list[v1.DelayedTask](s.api, "/delayed-tasks") {
		require.True(t, acknowledged[d.ID], "a creation that was refused is not there")
		delete(acknowledged, d.ID)
		if d.State == string(core.DelayedCreated) {
			far++
			continue
		}
		s.awaitDelayed(core.DelayedSucceeded, d.ID)
		require.Equal(t, []string{"succeeded delayed"}, outcomes(s.runsOf(d.ID)))
	}
	require.Empty(t, acknowledged, "a creation that was acknowledged is there")
	require.Equal(t, 1, len(target.seen("/held")), "an outcome that could not be stored is kept, and nothing is sent twice")
	t.Logf("%d creations were acknowledged while the disk was full", far)
	s.stop()
	out := command(t, "", "migrate", "--data", s.data)
	require.Zero(t, out.status, out.stderr)
}
