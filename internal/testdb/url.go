package testdb

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// URL gives the URL of a new database without a schema, as processes take it that a test starts. It is dropped at the
// test's end, whoever is still connected. The test is skipped, or fails, where there is no server of the kind.
func URL(t testing.TB, kind string) *url.URL {
	t.Helper()
	at := slices.IndexFunc(servers, func(s *server) bool { return s.kind == kind })
	require.GreaterOrEqual(t, at, 0, "no server is of kind %s", kind)
	s := servers[at]
	s.need(t)
	name := s.create(t)
	t.Cleanup(func() {
		require.NoError(t, s.do(func(db *sql.DB) error {
			_, err := db.ExecContext(context.Background(), fmt.Sprintf(s.dropSQL, name)) // the test's context has ended
			return err
		}))
	})
	u, err := s.address(name)
	require.NoError(t, err)
	return u
}
