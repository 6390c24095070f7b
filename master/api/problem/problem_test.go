package problem

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

func answer(t *testing.T, err error, header http.Header) (*httptest.ResponseRecorder, Problem, string) {
	t.Helper()
	var log bytes.Buffer
	w := httptest.NewRecorder()
	c, _ := gin.CreateTestContext(w)
	c.Request = httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/x", nil)
	for name, values := range header {
		c.Request.Header[name] = values
	}
	Write(c, slog.New(slog.NewTextHandler(&log, nil)), err)
	require.True(t, c.IsAborted())
	require.Equal(t, MediaType, w.Header().Get("Content-Type"))
	var p Problem
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &p))
	require.Equal(t, w.Code, p.Status)
	return w, p, log.String()
}

func TestEveryClass(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err    error
		status int
		kind   string
	}{
		{core.Malformed("title", "is wrong"), 400, "malformed"},
		{core.Broken("title", "is wrong"), 422, "rule"},
		{core.NotFound("there is no such thing"), 404, "not-found"},
		{core.Conflict("not now"), 409, "conflict"},
		{&core.Error{Code: core.CodeUnauthenticated, Format: "who"}, 401, "unauthenticated"},
		{&core.Error{Code: core.CodeForbidden, Format: "no"}, 403, "forbidden"},
		{&core.Error{Code: core.CodeTooLarge, Format: "big"}, 413, "too-large"},
		{core.Unavailable("later"), 503, "unavailable"},
		{&core.Error{Code: CodeMethodNotAllowed, Format: "no"}, 405, "method-not-allowed"},
		{&core.Error{Code: CodeMediaType, Format: "no"}, 415, "unsupported-media-type"},
		{errors.New("disk on fire"), 500, "internal"},
		{fmt.Errorf("save: %w", new(store.Failure)), 503, "unavailable"},
		{context.Canceled, 503, "unavailable"},
		{fmt.Errorf("wrapped: %w", core.Conflict("not now")), 409, "conflict"},
	} {
		p := Of(c.err)
		require.Equal(t, c.status, p.Status, "%v", c.err)
		require.Equal(t, "urn:carillon:problem:"+c.kind, p.Type)
		require.NotEmpty(t, p.Title)
		require.NotEmpty(t, p.Detail)
	}
}

func TestWriteNamesTheField(t *testing.T) {
	t.Parallel()
	_, p, log := answer(t, core.Broken("callback.url", "must be %s", "absolute"), nil)
	require.Equal(t, "callback.url", p.Field)
	require.Equal(t, "must be absolute", p.Detail)
	require.Regexp(t, "^[0-9a-f]{32}$", p.TraceID)
	require.Empty(t, log, "the caller's own mistake is not logged")
}

func TestWriteShowsNothingInternal(t *testing.T) {
	t.Parallel()
	w, p, log := answer(t, errors.New("password of db01 is hunter2"), nil)
	require.Equal(t, 500, w.Code)
	require.NotContains(t, w.Body.String(), "hunter2")
	require.Contains(t, log, "hunter2")
	require.Contains(t, log, p.TraceID)
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	w, _, _ := answer(t, &core.Error{Code: core.CodeUnauthenticated, Format: "who"}, nil)
	require.Equal(t, `Basic realm="Carillon", charset="UTF-8"`, w.Header().Get("WWW-Authenticate"))
	w, _, _ = answer(t, core.Unavailable("the database is locked"), nil)
	require.Equal(t, "1", w.Header().Get("Retry-After"))
}

func TestTraceID(t *testing.T) {
	t.Parallel()
	const id = "4bf92f3577b34da6a3ce929d0e0e4736"
	for header, taken := range map[string]bool{
		"00-" + id + "-00f067aa0ba902b7-01": true,
		"00-" + id:                          false,
		"00-00000000000000000000000000000000-00f067aa0ba902b7-01": false,
		"00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01": false,
		"00-4bf92f3577b34da6a3ce929d0e0e47zz-00f067aa0ba902b7-01": false,
		"": false,
		"00-\r\ninjected-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba-01": false,
	} {
		_, p, _ := answer(t, core.NotFound("x"), http.Header{"Traceparent": {header}})
		require.Equal(t, taken, p.TraceID == id, header)
		require.Regexp(t, "^[0-9a-f]{32}$", p.TraceID)
	}
}
