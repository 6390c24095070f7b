package e2e

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"debug/elf"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	v1 "github.com/carillonhq/carillon/master/api/v1"
	"github.com/carillonhq/carillon/plugins/pack"
)

// foreign is another architecture than this machine's.
func foreign() string {
	if runtime.GOARCH == "arm64" {
		return "linux/amd64"
	}
	return "linux/arm64"
}

// parcel makes a package's file of any content, as one would who means harm: manifest and sums are as they should be.
func parcel(t *testing.T, name, executables string, files map[string]string, modes map[string]fs.FileMode) []byte {
	t.Helper()
	all := map[string]string{"plugin.yaml": "name: " + name + "\nversion: 1.0.0\nexecutables: " + executables + "\ntasks: {t: {}}\n"}
	maps.Copy(all, files)
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	var sums strings.Builder
	for _, name := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256([]byte(all[name])), name)
	}
	all[pack.SumsName] = sums.String()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		h := &zip.FileHeader{Name: name, Method: zip.Deflate}
		h.SetMode(0o644 | modes[name])
		w, err := z.CreateHeader(h)
		require.NoError(t, err)
		_, err = w.Write([]byte(all[name]))
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	return out.Bytes()
}

// What is no proper package is refused at the upload with a reason, and leaves nothing behind.
func TestHostilePluginPackagesAreRefused(t *testing.T) {
	t.Parallel()
	s := serve(t, "serve", t.TempDir(), "--plugins", "--plugin-max-size", "1MiB")
	own, err := os.ReadFile(os.Args[0]) // an executable for this machine, of which the head is enough
	require.NoError(t, err)
	head, script := string(own[:4096]), map[string]string{"run": "#!/bin/sh\n"}
	with := func(name, content string) map[string]string {
		files := maps.Clone(script)
		files[name] = content
		return files
	}
	for name, c := range map[string]struct {
		body   []byte
		status int
		says   string
	}{
		"no package":          {[]byte("MZ and so on"), http.StatusBadRequest, "is not a zip file"},
		"zip bomb":            {parcel(t, "evil", "{any: run}", with("data", strings.Repeat("\x00", 5<<20)), nil), http.StatusRequestEntityTooLarge, "unpacks to more than 4194304 bytes"},
		"path upwards":        {parcel(t, "evil", "{any: run}", with("../../evil", "x"), nil), http.StatusUnprocessableEntity, "leads out of the package"},
		"absolute path":       {parcel(t, "evil", "{any: run}", with("/etc/cron.d/evil", "x"), nil), http.StatusUnprocessableEntity, "leads out of the package"},
		"link":                {parcel(t, "evil", "{any: run}", with("words", "/etc/passwd"), map[string]fs.FileMode{"words": fs.ModeSymlink}), http.StatusUnprocessableEntity, "links are not allowed"},
		"wrong architecture":  {parcel(t, "evil", "{"+foreign()+": run}", map[string]string{"run": head}, nil), http.StatusUnprocessableEntity, "built for linux/" + runtime.GOARCH},
		"not an executable":   {parcel(t, "evil", "{linux/"+runtime.GOARCH+": run}", map[string]string{"run": "GIF89a"}, nil), http.StatusUnprocessableEntity, "no executable"},
		"missing executable":  {parcel(t, "evil", "{any: other}", script, nil), http.StatusUnprocessableEntity, "which is not in the package"},
		"more than is stored": {bytes.Repeat([]byte{1}, 2<<20), http.StatusRequestEntityTooLarge, "1048576"},
	} {
		resp, err := s.upload(bytes.NewReader(c.body))
		require.NoError(t, err, name)
		var refused struct{ Field, Detail string }
		require.NoError(t, json.NewDecoder(resp.Body).Decode(&refused), name)
		resp.Body.Close()
		require.Equal(t, c.status, resp.StatusCode, "%s: %s %s", name, refused.Field, refused.Detail)
		require.Contains(t, refused.Field+": "+refused.Detail, c.says, name)
	}
	var there struct{ Items []any }
	s.do(http.StatusOK, http.MethodGet, "/plugins", nil, &there)
	require.Empty(t, there.Items)
	left, err := os.ReadDir(filepath.Join(s.data, "uploads"))
	require.NoError(t, err)
	require.Empty(t, left, "files of uploads")
	_, err = os.Stat(filepath.Join(s.data, "..", "evil"))
	require.ErrorIs(t, err, fs.ErrNotExist)
}

// What looks like a package and cannot do what it says fails its run with the reason, as soon as that is known, and leaves
// neither a process nor a file of one.
func TestPluginsThatAreNone(t *testing.T) {
	skipLong(t)
	t.Parallel()
	file := mischief(t, "1.0.0")
	s := serve(t, "serve", t.TempDir(), "--plugins", "--plugin-start-timeout", "20s")
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	z, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	require.NoError(t, err)
	executable, err := fs.ReadFile(z, "bin/mischief")
	require.NoError(t, err)
	here := "linux/" + runtime.GOARCH
	strange := slices.Clone(executable[:4096]) // what the head says it is built for is the other architecture
	strange[18], strange[19] = byte(map[string]elf.Machine{"linux/amd64": elf.EM_X86_64, "linux/arm64": elf.EM_AARCH64}[foreign()]), 0
	for _, c := range []struct{ name, platform, executable, says string }{
		{"silent", "any", "#!/bin/sh\nsleep 1000 & sleep 1000\n", "did not shake hands within 20s"},
		{"chatty", "any", "#!/bin/sh\necho Listening on port 80\nsleep 1000\n", `is not a plugin: it wrote "Listening on port 80"`},
		{"absent", "any", "#!/bin/sh\necho no database >&2\nexit 3\n", "exited with status 3 before it shook hands. Its last words: no database"},
		{"liar", here, string(executable), `plugin.yaml names tasks that the plugin does not have: "t"`},
		{"stranger", foreign(), string(strange), "executables: has none for " + here},
	} {
		t.Run(c.name, func(t *testing.T) {
			body := parcel(t, c.name, "{"+c.platform+": run}", map[string]string{"run": c.executable}, nil)
			resp, err := s.upload(bytes.NewReader(body))
			require.NoError(t, err)
			resp.Body.Close()
			require.Equal(t, http.StatusCreated, resp.StatusCode)
			run := s.runNow(s.startTask(object{
				"kind": "plugin", "title": c.name, "schedule": never, "plugin": object{"package": c.name, "task": "t"},
			}))
			require.Contains(t, s.awaitRun(run, "failed").Reason, c.says)
			eventually(t, pluginSoon, func() bool { return len(s.pluginProcesses()) == 0 }, "no process is left")
			left, err := os.ReadDir(filepath.Join(s.data, "plugins", "run"))
			require.NoError(t, err)
			require.Empty(t, left, "files of a process")
		})
	}
}

// A worker with keys runs only packages that were signed with one of them, whatever its master takes.
func TestOnlySignedPluginsRun(t *testing.T) {
	skipLong(t)
	t.Parallel()
	s := serve(t, "master", t.TempDir())
	key, dir := filepath.Join(t.TempDir(), "release.key"), mischiefDir(t, "1.1.0")
	public := command(t, "", "plugin", "keygen", key)
	require.Zero(t, public.status, public.stderr)
	joinWorker(t, s.grpc, "w1", "--plugins", "--plugin-keys", strings.TrimSpace(public.stdout))
	s.uploaded(mischief(t, "1.0.0"))
	work := s.startTask(mischievous("work", nil, nil))
	refused := s.awaitRun(s.runNow(work), "failed")
	require.Contains(t, refused.Reason, "is not signed")

	file := filepath.Join(t.TempDir(), "signed.zip")
	packed := command(t, "", "plugin", "pack", dir, "--key", key, "-o", file)
	require.Zero(t, packed.status, packed.stderr)
	s.uploaded(file)
	eventually(t, pluginSoon, func() bool { return s.awaitEnd(s.runNow(work)).State == "succeeded" }, "the signed version runs")

	other := serve(t, "master", t.TempDir(), "--plugin-keys", strings.TrimSpace(public.stdout))
	unsigned, err := os.ReadFile(mischief(t, "1.0.0"))
	require.NoError(t, err)
	resp, err := other.upload(bytes.NewReader(unsigned))
	require.NoError(t, err)
	resp.Body.Close()
	require.Equal(t, http.StatusUnprocessableEntity, resp.StatusCode, "a master with keys does not even take it")
	other.uploaded(file)
}

// awaitEnd waits until a run has ended, however that was.
func (a *api) awaitEnd(id string) (run v1.Run) {
	a.t.Helper()
	eventually(a.t, pluginSoon, func() bool {
		run = a.run(id)
		return !slices.Contains([]string{"planned", "dispatched", "running"}, run.State)
	}, "run %s ends", id)
	return run
}
