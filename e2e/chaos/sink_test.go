package chaos

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/e2e/chaos/evidence"
	"github.com/carillonhq/carillon/internal/dbserver"
)

// serveSink serves a sink and gives its URL and its journal.
func serveSink(t *testing.T) (base, journal string) {
	t.Helper()
	port, err := dbserver.FreePort()
	require.NoError(t, err)
	addr, journal := fmt.Sprintf("127.0.0.1:%d", port), filepath.Join(t.TempDir(), "journal")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- ServeSink(ctx, addr, journal) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-ended)
	})
	eventually(t, func() bool {
		resp, err := http.Get("http://" + addr + "/")
		return err == nil && resp.Body.Close() == nil
	}, "the sink serves")
	return "http://" + addr, journal
}

// call sends a request as a worker does.
func call(ctx context.Context, target, key string) (int, string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, target, http.NoBody)
	if err != nil {
		return 0, "", err
	}
	for name, value := range map[string]string{
		"Idempotency-Key": key, "Carillon-Run-Id": "run-" + key, "Carillon-Attempt": "2", "Carillon-Due": "2026-03-01T12:00:00.5Z", "Carillon-Task-Id": "t",
	} {
		r.Header.Set(name, value)
	}
	resp, err := new(http.Transport).RoundTrip(r) // a connection of its own
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body), err
}

// Each path does what it says, and the journal tells of all that came, whole.
func TestSink(t *testing.T) {
	t.Parallel()
	base, journal := serveSink(t)
	for _, row := range []struct {
		path, key string
		status    int
	}{{"/ok", "a", 200}, {"/bad", "b", 500}, {"/flaky", "c", 500}, {"/flaky", "c", 200}, {"/slow/300", "d", 200}} {
		status, body, err := call(t.Context(), base+row.path, row.key)
		require.NoError(t, err)
		require.Equal(t, row.status, status, row.path)
		require.Equal(t, row.status == 200, body == "success")
	}
	_, _, err := call(t.Context(), base+"/reset", "e")
	require.Error(t, err)
	for i, path := range []string{"/hang", "/slow/3600000"} {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			_, _, err := call(ctx, base+path, path)
			ended <- err
		}()
		eventually(t, func() bool {
			came, err := readJournal(journal)
			return err == nil && len(came) == 7+i
		}, "it has come")
		cancel()
		require.ErrorIs(t, <-ended, context.Canceled)
	}
	var came []evidence.Arrival
	eventually(t, func() bool {
		var err error
		came, err = readJournal(journal)
		return err == nil && len(came) == 8 && !came[6].Ended.IsZero() && !came[7].Ended.IsZero()
	}, "all is in the journal")
	for i, a := range came {
		require.Equal(t, i >= 6, a.GivenUp, a.Path)
		require.Equal(t, []any{2, "t", "run-" + a.Key}, []any{a.Attempt, a.Task, a.Run})
		require.Equal(t, time.Date(2026, 3, 1, 12, 0, 0, 500_000_000, time.UTC), a.Due)
		require.False(t, a.Ended.Before(a.At))
	}
	require.Equal(t, []string{"/ok", "a"}, []string{came[0].Path, came[0].Key})
	require.GreaterOrEqual(t, came[4].Ended.Sub(came[4].At), 300*time.Millisecond)
}

func TestJournalThatIsNone(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"no JSON": "x\n", "an end without a beginning": `{"number":3,"ended":"2026-03-01T12:00:00Z"}` + "\n"} {
		path := filepath.Join(t.TempDir(), "journal")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		_, err := readJournal(path)
		require.ErrorContains(t, err, path, name)
	}
}
