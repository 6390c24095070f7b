package v1

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPreviewSchedule(t *testing.T) {
	t.Parallel()
	ask := func(pairs ...string) string {
		q := url.Values{}
		for i := 0; i < len(pairs); i += 2 {
			q.Set(pairs[i], pairs[i+1])
		}
		return "/schedule/preview?" + q.Encode()
	}
	w := new(fakes).do(t, call{path: ask("cron", "0 30 2 * * ?", "zone", "Europe/Berlin", "from", "2026-03-28T00:00:00Z", "count", "2")})
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	var got Preview
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got))
	require.Equal(t, Preview{
		Words: Words{"at 02:30, every day", "每天，02:30"}, Zone: "Europe/Berlin",
		Instants: []PreviewInstant{
			{"2026-03-28T01:30:00Z", "2026-03-28T02:30:00+01:00", ""}, {"2026-03-29T01:30:00Z", "2026-03-29T03:30:00+02:00", "shifted"},
		},
	}, got)

	w = new(fakes).do(t, call{path: ask("kind", "once", "start", "2027-01-01T00:00:00Z", "from", "2028-01-01T00:00:00Z")})
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.JSONEq(t, `{"words":{"en":"once, at the start","zh":"在开始时间触发一次"},"zone":"UTC","instants":[]}`, w.Body.String())

	for path, field := range map[string]string{
		ask("cron", "0 0 25 * * ?"):       "schedule.cron",
		ask("cron", "x", "count", "many"): "count",
		ask("kind", "daily"):              "kind",
		ask("cron", "x", "from", "noon"):  "from",
		ask("interval", "soon"):           "schedule.interval",
	} {
		require.Equal(t, field, new(fakes).refused(t, http.StatusBadRequest, call{path: path}).Field, path)
	}
}
