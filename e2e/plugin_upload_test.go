package e2e

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	v1 "github.com/carillonhq/carillon/master/api/v1"
	"github.com/carillonhq/carillon/plugins/pack"
)

// pluginDir writes the directory of a plugin that is a script, with so many bytes of data that do not compress.
func pluginDir(t *testing.T, version string, noise int) string {
	t.Helper()
	dir := t.TempDir()
	manifest := fmt.Sprintf(`name: hello
version: %s
executables: {any: main.sh}
tasks:
  greet:
    parameters: {required: [who], properties: {who: {type: string}, times: {type: integer}}}
`, version)
	data := make([]byte, noise)
	random := rand.NewChaCha8([32]byte([]byte(version + strings.Repeat(" ", 32))[:32]))
	_, err := random.Read(data)
	require.NoError(t, err)
	for name, content := range map[string][]byte{"plugin.yaml": []byte(manifest), "main.sh": []byte("#!/bin/sh\n"), "data.bin": data} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	}
	return dir
}

// pluginFile builds a package of a plugin.
func pluginFile(t *testing.T, version string, noise int) (file string, p *pack.Package) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "hello.zip")
	p, err := pack.Build(pluginDir(t, version, noise), file, pack.BuildOptions{})
	require.NoError(t, err)
	return file, p
}

// upload sends a package as a browser or curl does.
func (a *api) upload(body io.Reader) (*http.Response, error) {
	r, err := http.NewRequest(http.MethodPost, a.base+"/api/v1/plugins", body)
	if err != nil {
		return nil, err
	}
	r.SetBasicAuth("admin", password)
	r.Header.Set("Content-Type", "application/zip")
	return (&http.Client{Transport: a.client.Transport}).Do(r) // without the time limit of other calls
}

// download gives the digest of what a master has of a version.
func (a *api) download(version string) string {
	a.t.Helper()
	r, err := http.NewRequest(http.MethodGet, a.base+"/api/v1/plugins/hello/versions/"+version+"/file", nil)
	require.NoError(a.t, err)
	r.SetBasicAuth("admin", password)
	resp, err := (&http.Client{Transport: a.client.Transport}).Do(r)
	require.NoError(a.t, err)
	defer resp.Body.Close()
	require.Equal(a.t, http.StatusOK, resp.StatusCode)
	digest, err := pack.Digest(resp.Body)
	require.NoError(a.t, err)
	return digest
}

// The developer's way: a directory is packed and pushed, and a task calls it, with parameters that are checked.
func TestPluginGoesFromDirectoryToTask(t *testing.T) {
	t.Parallel()
	s := serve(t, "serve", t.TempDir())
	dir, file := pluginDir(t, "1.2.0", 10), filepath.Join(t.TempDir(), "hello.zip")
	packed := command(t, "", "plugin", "pack", dir, "-o", file)
	require.Zero(t, packed.status, packed.stderr)
	environ := []string{"CARILLON_USER=admin", "CARILLON_PASSWORD=" + password, "CARILLON_SERVER=http://" + s.http}
	for _, says := range []string{"hello 1.2.0 is uploaded", "hello 1.2.0 is there already"} {
		pushed := commandIn(t, environ, "", "plugin", "push", file)
		require.Zero(t, pushed.status, pushed.stderr)
		require.Contains(t, pushed.stdout, says)
	}
	wrong := commandIn(t, append(environ, "CARILLON_PASSWORD=other"), "", "plugin", "push", file)
	require.NotZero(t, wrong.status)
	require.Contains(t, wrong.stderr, "refused: ")

	task := func(params ...object) object {
		return object{
			"kind": "plugin", "title": "greet", "schedule": object{"kind": "cron", "cron": "0 0 0 1 1 ? 2099"},
			"plugin": object{"package": "hello", "task": "greet", "version": "1.2.0", "timeout": "10s"}, "params": params,
		}
	}
	var refused struct{ Field, Detail string }
	s.do(http.StatusBadRequest, http.MethodPost, "/tasks", task(object{"key": "who", "value": "all"}, object{"key": "times", "value": "two"}), &refused)
	require.Equal(t, "params", refused.Field)
	require.Contains(t, refused.Detail, "times must be of type integer")
	id := s.startTask(task(object{"key": "who", "value": "all"}, object{"key": "times", "value": "2"}))
	s.do(http.StatusConflict, http.MethodDelete, "/plugins/hello/versions/1.2.0", nil, &refused)
	require.Contains(t, refused.Detail, id)
	s.do(http.StatusNoContent, http.MethodDelete, "/tasks/"+id, nil, nil)
	s.do(http.StatusNoContent, http.MethodDelete, "/plugins/hello/versions/1.2.0", nil, nil)
	s.do(http.StatusNotFound, http.MethodGet, "/plugins/hello", nil, nil)
}

// A master is killed while it takes a package. Nothing of the package can be seen, and another master takes it.
func TestMasterDiesAmidAnUpload(t *testing.T) {
	t.Parallel()
	eachServer(t, func(t *testing.T, kind string) {
		masters := several(t, kind, 2)
		file, p := pluginFile(t, "1.0.0", 24<<20)
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		sent, gone := make(chan struct{}), make(chan error, 1)
		go func() {
			resp, err := masters[0].upload(io.MultiReader(bytes.NewReader(content), &ending{sent}))
			if err == nil {
				err = fmt.Errorf("answered %s", resp.Status)
				resp.Body.Close()
			}
			gone <- err
		}()
		<-sent // what comes now is the check and the storing
		masters[0].kill()
		t.Log(<-gone)
		left, err := os.ReadDir(filepath.Join(masters[0].data, "uploads"))
		require.NoError(t, err)
		require.Empty(t, left, "files of the upload")

		resp, err := masters[1].upload(bytes.NewReader(content))
		require.NoError(t, err)
		defer resp.Body.Close()
		require.Equal(t, http.StatusCreated, resp.StatusCode)
		require.Equal(t, p.Digest, masters[1].download("1.0.0"))
		var got v1.Plugin
		masters[1].do(http.StatusOK, http.MethodGet, "/plugins/hello", nil, &got)
		require.Len(t, got.Versions, 1)
	})
}

// ending tells of the end of what stands before it.
type ending struct{ reached chan struct{} }

func (e *ending) Read([]byte) (int, error) {
	close(e.reached)
	return 0, io.EOF
}
