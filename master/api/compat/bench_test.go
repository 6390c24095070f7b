package compat_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

// delayedCall is what ScheduleMaster's documents send to create a delayed task.
const delayedCall = "SourceApp=TestApp&Topic=TestApp.Trade.TimeoutCancel&ContentKey=17&DelayTimeSpan=327" +
	"&DelayAbsoluteTime=2026-06-01+12%3A05%3A27&NotifyUrl=http%3A%2F%2Flocalhost%3A56655%2Fapi%2F1.0%2Fvalue%2Fdelaypost" +
	"&NotifyDataType=application%2Fjson&NotifyBody=%7B+%22Posts%22%3A+%5B%7B+%22PostId%22%3A+666%2C+%22Title%22%3A+%22tester%22%2C" +
	"+%22Content%22%3A%22testtesttest%22+%7D%5D%2C+%22BlogId%22%3A+111%2C+%22Url%22%3A%22qweqrrttryrtyrtrtrt%22+%7D"

// replay is a request body that can be read again.
type replay struct{ *strings.Reader }

func (replay) Close() error { return nil }

// discard is a response writer that costs nothing.
type discard struct{ h http.Header }

func (d discard) Header() http.Header         { return d.h }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) WriteHeader(int)               {}

func BenchmarkCreateDelayed(b *testing.B) {
	h := setup(b)
	body := strings.NewReader(delayedCall)
	r := httptest.NewRequest(http.MethodPost, "/api/DelayTask/Create", nil)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	r.Header.Set("ms_auth_user", "admin")
	r.Header.Set("ms_auth_secret", core.APISecret("admin", "111111"))
	r.Body, r.ContentLength = replay{body}, body.Size()
	w := discard{http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		body.Reset(delayedCall)
		h.ServeHTTP(w, r)
	}
	require.NotNil(b, h.delayed.created)
}
