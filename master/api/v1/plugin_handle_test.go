package v1

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"mime/multipart"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func TestPluginsAreShown(t *testing.T) {
	t.Parallel()
	f := &fakes{}
	brief := PluginVersion{
		Package: "demo", Version: "1.2.3", Digest: "d1", Size: 3, Signed: true, UploadedBy: 1, UploadedByName: "ada", UploadedAt: instantOf(now()),
	}
	require.Equal(t, Page[PluginItem]{Items: []PluginItem{{Package: "demo", Latest: brief, Versions: 1}}},
		get[Page[PluginItem]](t, f, http.StatusOK, call{path: "/plugins", role: core.RoleViewer}))

	whole := brief
	whole.Description, whole.Platforms, whole.Concurrency = "A demo", []string{"any", "linux/amd64"}, 6
	whole.Limits = &PluginLimits{1, 2, 3, 4, 5}
	whole.Tasks = []PluginTask{{Name: "a", Title: "Task a", Description: "Does a", Parameters: map[string]any{"type": "object"}}, {Name: "b"}}
	require.Equal(t, whole, get[PluginVersion](t, f, http.StatusOK, call{path: "/plugins/demo/versions/1.2.3", role: core.RoleViewer}))
	require.Equal(t, Plugin{
		Package: "demo", Latest: whole, Versions: []PluginVersion{brief}, TaskCount: 7,
		UsedBy: []PluginUser{{TaskID: "t1", Title: "nightly", State: "running", Version: "1.0.0"}},
	}, get[Plugin](t, f, http.StatusOK, call{path: "/plugins/demo", role: core.RoleViewer}))
	for _, path := range []string{"/plugins/other", "/plugins/demo/versions/1", "/plugins/demo/versions/1/file"} {
		f.refused(t, http.StatusNotFound, call{path: path})
	}
}

func TestAPluginIsDeleted(t *testing.T) {
	t.Parallel()
	f := &fakes{}
	get[any](t, f, http.StatusNoContent, call{method: http.MethodDelete, path: "/plugins/demo/versions/1.2.3+a", role: core.RoleDeveloper})
	require.Equal(t, []string{"delete demo 1.2.3+a"}, f.calls)
}

func TestAPluginIsDownloaded(t *testing.T) {
	t.Parallel()
	w := new(fakes).do(t, call{path: "/plugins/demo/versions/1.2.3/file", role: core.RoleDeveloper})
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, "zip", w.Body.String())
	require.Equal(t, "application/zip", w.Header().Get("Content-Type"))
	require.Equal(t, "3", w.Header().Get("Content-Length"))
	require.Equal(t, "attachment; filename=demo-1.2.3.zip", w.Header().Get("Content-Disposition"))
	require.Equal(t, `"d1"`, w.Header().Get("ETag"))
}

// form makes a form of files by the names of their fields.
func form(t *testing.T, fields ...string) (body, contentType string) {
	t.Helper()
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	for _, field := range fields {
		part, err := w.CreateFormFile(field, "p.zip")
		require.NoError(t, err)
		_, err = part.Write([]byte("content of " + field))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return out.String(), w.FormDataContentType()
}

func TestAPluginIsUploaded(t *testing.T) {
	t.Parallel()
	upload := func(contentType, body string) call {
		return call{method: http.MethodPost, path: "/plugins", role: core.RoleDeveloper, body: body, header: map[string]string{"Content-Type": contentType}}
	}
	f := &fakes{}
	w := f.do(t, upload("application/zip", strings.Repeat("x", maxBody+1)))
	require.Equal(t, http.StatusCreated, w.Code, w.Body)
	require.Equal(t, "/api/v1/plugins/demo/versions/1.2.3", w.Header().Get("Location"))
	require.NotContains(t, w.Body.String(), "existed")
	require.True(t, get[PluginVersion](t, f, http.StatusCreated, upload("application/octet-stream", "again")).Existed)
	inForm, contentType := form(t, "package", "other")
	get[PluginVersion](t, f, http.StatusCreated, upload(contentType, inForm))
	require.Equal(t, []string{"upload 1048577", "upload 5", "upload 18"}, f.calls, "a package may be larger than other bodies")

	other, otherType := form(t, "other", "package")
	none, noneType := form(t)
	for name, c := range map[string]struct {
		call
		status int
		says   string
	}{
		"JSON":           {upload("application/json", "{}"), http.StatusUnsupportedMediaType, "application/zip"},
		"no media type":  {upload("", "x"), http.StatusUnsupportedMediaType, "application/zip"},
		"no boundary":    {upload("multipart/form-data", "x"), http.StatusBadRequest, "cannot be read"},
		"another part":   {upload(otherType, other), http.StatusBadRequest, "must be the first part"},
		"no part":        {upload(noneType, none), http.StatusBadRequest, "must be the first part"},
		"form cut short": {upload(contentType, inForm[:len(inForm)-250]), http.StatusBadRequest, "ended before it was whole"},
	} {
		f := &fakes{}
		require.Contains(t, f.refused(t, c.status, c.call).Detail, c.says, name)
		require.Empty(t, f.calls, name)
	}
}

// An upload may take longer than the server lets other requests take, as long as it goes on; and so may storing it.
func TestASlowUploadIsTaken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakes{}
		f.storing = func(ctx context.Context) error {
			time.Sleep(10 * time.Minute)
			return ctx.Err()
		}
		const limit = time.Minute
		server := &http.Server{Handler: f.engine(), ReadTimeout: limit, WriteTimeout: limit, ReadHeaderTimeout: limit}
		conns := make(chan net.Conn, 1)
		listener := pipes{conns, make(chan struct{})}
		ended := make(chan error, 1)
		go func() { ended <- server.Serve(listener) }()
		client, end := net.Pipe()
		conns <- fromTest{end}

		const bytes = 20
		_, err := fmt.Fprintf(client, "POST /api/v1/plugins HTTP/1.1\r\nHost: x\r\nContent-Type: application/zip\r\nContent-Length: %d\r\n"+
			"ms_auth_user: developer\r\nms_auth_secret: secret of developer\r\n\r\n", bytes)
		require.NoError(t, err)
		for range bytes {
			time.Sleep(limit * 3 / 4)
			_, err := client.Write([]byte("x"))
			require.NoError(t, err)
		}
		answer, err := http.ReadResponse(bufio.NewReader(client), nil)
		require.NoError(t, err)
		require.Equal(t, http.StatusCreated, answer.StatusCode)
		require.NoError(t, client.Close())
		require.NoError(t, server.Close())
		require.ErrorIs(t, <-ended, http.ErrServerClosed)
	})
}

// pipes listens to connections inside the process.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error {
	close(p.closed)
	return nil
}

func (pipes) Addr() net.Addr { return &net.TCPAddr{} }

// fromTest is a connection from the address that httptest's requests have.
type fromTest struct{ net.Conn }

func (fromTest) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 1234} }

// A package of which only a part came is not taken for a whole one.
func TestAnUploadThatEndsEarly(t *testing.T) {
	t.Parallel()
	b := &received{Reader: &failing{}, conn: connection{http.NewResponseController(nil)}}
	_, err := b.Read(make([]byte, 1))
	require.Equal(t, core.CodeMalformed, core.CodeOf(err))
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("reset") }
