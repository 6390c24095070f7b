package nearest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/internal/nearest"
)

func TestDistance(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"", "abc", 3},
		{"abc", "abc", 0},
		{"titel", "title", 2},
		{"task", "tasks", 1},
		{"kitten", "sitting", 3},
	} {
		require.Equal(t, c.want, nearest.Distance(c.a, c.b), "%s, %s", c.a, c.b)
		require.Equal(t, c.want, nearest.Distance(c.b, c.a), "%s, %s", c.b, c.a)
	}
}

func TestName(t *testing.T) {
	t.Parallel()
	require.Empty(t, nearest.Name("x", nil))
	require.Equal(t, "title", nearest.Name("titel", []string{"name", "title", "tasks"}))
	require.Equal(t, "b", nearest.Name("a", []string{"b", "c"}))
}
