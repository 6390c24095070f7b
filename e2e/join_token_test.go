package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	v1 "github.com/carillonhq/carillon/master/api/v1"
)

// The join token is rotated without a stop: the new one joins at once, the one before for its grace, connected workers
// stay connected, and a master that is started again with the old one does not bring it back.
func TestJoinTokenIsRotated(t *testing.T) {
	t.Parallel()
	m := serveFixed(t, "master", t.TempDir())
	connected := joinWorker(t, m.grpc, "connected")

	r := command(t, "", "join-token", "rotate", "--data", m.data)
	require.Zero(t, r.status, r.stderr)
	second := strings.TrimSpace(r.stdout)
	require.GreaterOrEqual(t, len(second), 16)
	require.Contains(t, r.stderr, "The token before is accepted until ")
	require.Equal(t, second, strings.TrimSpace(command(t, "", "join-token", "--data", m.data).stdout))
	join := func(name, token string) *process {
		return start(t, []string{"CARILLON_JOIN_TOKEN=" + token}, "worker", "--master", m.grpc, "--name", name, "--log-format", "json")
	}
	join("new", second).await(1, soon, `"msg":"connected"`)
	join("old", joinToken).await(1, soon, `"msg":"connected"`)
	m.await(1, soon, `"level":"WARN"`, "a worker joins with a token that was rotated away")

	var rotated v1.JoinTokenRotated
	m.do(http.StatusOK, http.MethodPost, "/join-token/rotate", object{"grace": "0s"}, &rotated)
	require.NotEqual(t, second, rotated.Token)
	for _, former := range []string{joinToken, second} {
		join("late", former).await(2, soon, `"msg":"not connected to a master"`, "the join token is wrong")
	}
	join("newest", rotated.Token).await(1, soon, `"msg":"connected"`)
	require.Equal(t, 1, strings.Count(connected.stderr.text(), `"msg":"connected"`))
	require.NotContains(t, connected.stderr.text(), "not connected")

	m.stop()
	m.start(t)
	m.await(1, soon, `"level":"WARN"`, "was rotated away and is not in force")
	require.Equal(t, rotated.Token, strings.TrimSpace(command(t, "", "join-token", "--data", m.data).stdout))
	connected.await(1, soon, `"msg":"not connected to a master"`, "the join token is wrong")
	for _, token := range []string{joinToken, second, rotated.Token} {
		require.NotContains(t, m.stderr.text(), token)
	}
	require.Equal(t, 2, command(t, "", "join-token", "rotate", "--data", m.data, "--grace", "1000h").status)
}
