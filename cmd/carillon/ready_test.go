package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOnThisMachine(t *testing.T) {
	t.Parallel()
	for listen, want := range map[string]string{
		":30000": "127.0.0.1:30000", "0.0.0.0:30000": "127.0.0.1:30000", "[::]:30000": "[::1]:30000",
		"10.0.0.5:8080": "10.0.0.5:8080", "[fd00::1]:80": "[fd00::1]:80", "master.internal:30000": "master.internal:30000",
	} {
		require.Equal(t, want, onThisMachine(listen), listen)
	}
}

func TestAskReady(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		status int
		body   string
		says   string
	}{
		"ready":           {http.StatusOK, `{"status":"ok"}`, ""},
		"not ready":       {http.StatusServiceUnavailable, `{"status":"unavailable","reasons":["the database does not answer","no lease"]}`, "not ready: the database does not answer; no lease"},
		"somebody else's": {http.StatusNotFound, "<html>", "answered 404 Not Found"},
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/ready" {
				tt.status = http.StatusTeapot
			}
			w.WriteHeader(tt.status)
			_, _ = w.Write([]byte(tt.body))
		}))
		u, err := url.Parse(s.URL)
		require.NoError(t, err)
		err = askReady(t.Context(), u.JoinPath("ready"))
		s.Close()
		if tt.says == "" {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorContains(t, err, tt.says, name)
	}
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	u, err := url.Parse(gone.URL)
	require.NoError(t, err)
	require.Error(t, askReady(t.Context(), u))
}
