package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/plugins/pack"
)

// taker is a master that takes packages, or answers what it was told to.
type taker struct {
	status int
	body   string
	got    *http.Request
	size   int64
}

func (m *taker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.got = r
	if m.status != 0 {
		w.WriteHeader(m.status)
		_, _ = io.WriteString(w, m.body)
		return
	}
	digest, _ := pack.Digest(r.Body)
	m.size = r.ContentLength
	w.WriteHeader(http.StatusCreated)
	_, _ = io.WriteString(w, `{"digest":"`+digest+`"`+m.body+`}`)
}

func serveTaker(t *testing.T, m *taker) string {
	t.Helper()
	server := httptest.NewServer(m)
	t.Cleanup(server.Close)
	return server.URL
}

// The environment is the process's, so these tests go one after the other.
func TestPluginPush(t *testing.T) {
	for _, name := range []string{serverVariable, userVariable, passwordVariable, secretVariable, tokenVariable} {
		t.Setenv(name, "")
	}
	dir := scripted(t)
	file := filepath.Join(t.TempDir(), "p.zip")
	_, err := callCommand(t, "plugin", "pack", dir, "-o", file)
	require.NoError(t, err)

	_, err = callCommand(t, "plugin", "push", file)
	require.ErrorContains(t, err, "say who uploads by CARILLON_API_TOKEN")
	t.Setenv(userVariable, "dev")
	t.Setenv(passwordVariable, "secret word")
	m := &taker{}
	url := serveTaker(t, m)
	said, err := callCommand(t, "plugin", "push", file, "--server", url+"/")
	require.NoError(t, err)
	require.Contains(t, said, "hello 1.2.0 is uploaded, SHA-256 ")
	require.Equal(t, "/api/v1/plugins", m.got.URL.Path)
	require.Equal(t, "application/zip", m.got.Header.Get("Content-Type"))
	require.Positive(t, m.size)
	name, password, _ := m.got.BasicAuth()
	require.Equal(t, []string{"dev", "secret word"}, []string{name, password})

	m.body = `,"existed":true`
	t.Setenv(serverVariable, url)
	t.Setenv(passwordVariable, "")
	t.Setenv(secretVariable, "0123")
	said, err = callCommand(t, "plugin", "push", file, "--user", "other")
	require.NoError(t, err)
	require.Contains(t, said, "is there already")
	require.Equal(t, "other", m.got.Header.Get("ms_auth_user"))
	require.Equal(t, "0123", m.got.Header.Get("ms_auth_secret"))

	t.Setenv(tokenVariable, "carillon_1")
	t.Chdir(dir)
	_, err = callCommand(t, "plugin", "push")
	require.ErrorContains(t, err, "hello-1.2.0.zip", "the package is named after the manifest")
	_, err = callCommand(t, "plugin", "pack")
	require.NoError(t, err)
	_, err = callCommand(t, "plugin", "push")
	require.NoError(t, err)
	require.Equal(t, "Bearer carillon_1", m.got.Header.Get("Authorization"))
}

func TestPluginPushIsRefused(t *testing.T) {
	t.Setenv(tokenVariable, "carillon_1")
	file := filepath.Join(t.TempDir(), "p.zip")
	_, err := callCommand(t, "plugin", "pack", scripted(t), "-o", file)
	require.NoError(t, err)
	for says, m := range map[string]*taker{
		"refused: version there is another": {status: http.StatusConflict, body: `{"field":"version","detail":"there is another"}`},
		"/api/v1/plugins answered 502":      {status: http.StatusBadGateway, body: "<html>"},
		"answered 301":                      {status: http.StatusMovedPermanently},
		"the master has another package":    {status: http.StatusCreated, body: `{"digest":"other"}`},
		"read the answer":                   {status: http.StatusCreated, body: "{"},
	} {
		_, err := callCommand(t, "plugin", "push", file, "--server", serveTaker(t, m))
		require.ErrorContains(t, err, says)
	}
	m := &taker{}
	url := serveTaker(t, m)
	for _, args := range [][]string{
		{filepath.Join(t.TempDir(), "none.zip"), "--server", url},
		{filepath.Join(scripted(t), "other.zip"), "--server", url}, // is no package
		{file, "--server", "localhost:30000"},
		{file, "--server", "ftp://localhost"},
	} {
		_, err := callCommand(t, append([]string{"plugin", "push"}, args...)...)
		require.Error(t, err)
	}
	require.Nil(t, m.got, "nothing is sent")
	t.Chdir(t.TempDir())
	_, err = callCommand(t, "plugin", "push", "--server", url)
	require.ErrorContains(t, err, "in a directory with a plugin.yaml")
}
