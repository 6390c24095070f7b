package callback

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

// The two benchmarks post the same 200 bytes to the same kind of sink; the difference is what this package costs.

func sink(b *testing.B) string {
	b.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, "success")
	}))
	b.Cleanup(server.Close)
	return server.URL + "/callback"
}

func BenchmarkDo(b *testing.B) {
	url := sink(b)
	client, err := New(Options{Policy: DefaultPolicy()})
	require.NoError(b, err)
	call := Call{
		RunID: "0199f0a1-b2c3-8d4e-9f00-112233445566", Token: 1, OccurrenceID: "0199f0a1-b2c3-8d4e-9f00-112233445566",
		TaskID: "5a1f6a52-7a0e-4c9e-8b61-0d6f2c1f9a10", Trigger: "schedule", Attempt: 1, Due: time.Now(), DefaultTimeout: 10 * time.Second,
		Callback: core.Callback{Method: "POST", URL: url, ContentType: "application/json", Body: string(bytes.Repeat([]byte("x"), 200)),
			Success: core.SuccessRule{Contains: "success"}},
	}
	b.ReportAllocs()
	for b.Loop() {
		if out := client.Do(context.Background(), call); out.State != core.RunSucceeded {
			b.Fatal(out.Result.Reason)
		}
	}
}

func BenchmarkBareClient(b *testing.B) {
	url := sink(b)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 512}}
	body := bytes.Repeat([]byte("x"), 200)
	b.ReportAllocs()
	for b.Loop() {
		resp, err := client.Post(url, "application/json", bytes.NewReader(body))
		if err != nil {
			b.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
}
