package worker

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/rpc"
	"github.com/carillonhq/carillon/worker/callback"
)

// caller keeps the call it was asked to make.
type caller struct{ call callback.Call }

func (c *caller) Do(_ context.Context, call callback.Call) core.Outcome {
	c.call = call
	return core.Outcome{State: core.RunSucceeded}
}

func TestCallbackPerformerHandsEverythingOn(t *testing.T) {
	t.Parallel()
	due := time.Date(2026, 3, 4, 5, 6, 7, 8000, time.UTC)
	want := callback.Call{
		RunID: "r", Token: 2, OccurrenceID: "o", TaskID: "t", DelayedID: "d", Trigger: "schedule", Attempt: 3, Due: due,
		Callback: core.Callback{
			Method: "POST", URL: "http://example.test/", Headers: []core.Header{{Name: "A", Value: "b"}}, Body: "x", Timeout: time.Second,
		},
		DefaultTimeout: 4 * time.Second, HasParent: true, ParentResult: []byte("p"), AtMostOnce: true, Shard: 2, Shards: 5,
	}
	for field, v := range reflect.ValueOf(want).Fields() {
		require.False(t, v.IsZero(), "%s is not covered by this test", field.Name)
	}
	body, err := json.Marshal(want.Callback)
	require.NoError(t, err)
	var c caller
	o := NewCallbackPerformer(&c).Perform(t.Context(), &rpc.Run{
		Id: "r", Token: 2, OccurrenceId: "o", TaskId: "t", DelayedId: "d", Trigger: "schedule", Attempt: 3, Due: due.UnixMicro(),
		Callback: body, DefaultTimeoutMs: 4000, HasParent: true, ParentResult: []byte("p"), AtMostOnce: true, Shard: 2, Shards: 5,
	}, nil)
	require.Equal(t, core.RunSucceeded, o.State)
	require.Equal(t, want, c.call)
}

func TestUnreadableCallbackFailsTheRun(t *testing.T) {
	t.Parallel()
	o := NewCallbackPerformer(&caller{}).Perform(t.Context(), &rpc.Run{Callback: []byte("{")}, nil)
	require.Equal(t, core.RunFailed, o.State)
	require.False(t, o.Retryable)
	require.Contains(t, o.Result.Reason, "cannot be read")
}

func TestCallbackArrives(t *testing.T) {
	t.Parallel()
	sink := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte("hello " + r.Header.Get("Idempotency-Key")))
	}))
	defer sink.Close()
	client, err := callback.New(callback.Options{})
	require.NoError(t, err)
	defer client.Close()
	body, err := json.Marshal(core.Callback{Method: "POST", URL: sink.URL})
	require.NoError(t, err)
	o := NewCallbackPerformer(client).Perform(t.Context(), &rpc.Run{Id: "r", OccurrenceId: "occ", Attempt: 1, Callback: body}, nil)
	require.Equal(t, core.RunSucceeded, o.State, o.Result.Reason)
	require.Equal(t, "hello occ", string(o.Result.Response))
}
