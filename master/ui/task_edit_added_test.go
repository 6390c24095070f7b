package ui

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/worker/callback"
)

// What the page says that a worker adds is what a worker adds, of each value that it gives the very one.
func TestHeadersThatAWorkerAdds(t *testing.T) {
	t.Parallel()
	for name, cb := range map[string]core.Callback{
		"plain":  {Method: http.MethodGet},
		"signed": {Method: http.MethodPost, Body: "{}", ContentType: "application/json", Secret: "a secret of many words", Headers: []core.Header{{Name: "X-Own", Value: "1"}}},
		"named":  {Method: http.MethodGet, Headers: []core.Header{{Name: "user-agent", Value: "shop"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var sent http.Header
			target := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { sent = r.Header.Clone() }))
			t.Cleanup(target.Close)
			cb.URL = target.URL
			run := &core.Run{
				ID: "01a1fde3-3f09-8392-b983-ab57af3a4dc1", OccurrenceID: "01a1fde3-3f09-8392-b983-ab57af3a4dc2", DelayedID: "01a1fde3-3f09-7392-b983-ab57af3a4dc3",
				Trigger: core.TriggerDelayed, Attempt: 1, Due: time.Date(2026, 1, 2, 3, 4, 5, 678_901_000, time.UTC),
			}
			client, err := callback.New(callback.Options{Policy: callback.Policy{}})
			require.NoError(t, err)
			t.Cleanup(client.Close)
			out := client.Do(t.Context(), callback.Call{
				RunID: run.ID, OccurrenceID: run.OccurrenceID, DelayedID: run.DelayedID, Trigger: string(run.Trigger), Attempt: run.Attempt, Due: run.Due, Callback: cb,
			})
			require.Equal(t, core.RunSucceeded, out.State, out.Result.Reason)

			v := trialView{ID: run.DelayedID, Callback: &cb, Run: run}
			for _, h := range v.Added() {
				require.Len(t, sent[h.Name], 1, h.Name)
				if h.Value != unknownValue {
					require.Equal(t, h.Value, sent.Get(h.Name), h.Name)
				}
				sent.Del(h.Name)
			}
			for _, h := range cb.Headers {
				sent.Del(h.Name)
			}
			rest := slices.Sorted(func(yield func(string) bool) {
				for name := range sent {
					if !yield(name) {
						return
					}
				}
			})
			require.Subset(t, []string{"Accept-Encoding", "Content-Length", "Content-Type"}, rest, "nothing else is added")

			v.Run = nil // not planned yet
			require.NotEmpty(t, v.Added())
		})
	}
}
