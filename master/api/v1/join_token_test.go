package v1

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func TestJoinTokenIsRotated(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		``: "rotate 24h0m0s", `{}`: "rotate 24h0m0s", `{"grace": "90m"}`: "rotate 1h30m0s", `{"grace": "0s"}`: "rotate 0s",
	} {
		f := new(fakes)
		c := call{method: http.MethodPost, path: "/join-token/rotate", body: body}
		got := get[JoinTokenRotated](t, f, http.StatusOK, c)
		require.Equal(t, []string{want}, f.calls)
		require.Equal(t, []string{"admin"}, f.actors)
		require.Equal(t, "the-new-token", got.Token)
		require.NotEmpty(t, got.FormerUntil)
	}
	for _, body := range []string{`{"grace": ""}`, `{"grace": "1"}`, `{"grace": 5}`, `{"token": "x"}`} {
		f := new(fakes)
		f.refused(t, http.StatusBadRequest, call{method: http.MethodPost, path: "/join-token/rotate", body: body})
		require.Empty(t, f.calls)
	}
	f := &fakes{fail: core.Broken("grace", "no")}
	require.Equal(t, "grace", f.refused(t, http.StatusUnprocessableEntity, call{method: http.MethodPost, path: "/join-token/rotate"}).Field)
}
