package core_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func TestTaskLabels(t *testing.T) {
	t.Parallel()
	require.NoError(t, core.CheckTaskLabels(nil))
	require.NoError(t, core.CheckTaskLabels([]string{"nightly", "仓储", "team:billing", strings.Repeat("长", core.MaxTaskLabel)}))
	for _, wrong := range []string{"", "two words", "a,b", "甲，乙", "a\u3000b", "a\x00b", strings.Repeat("长", core.MaxTaskLabel+1), "\xff"} {
		err := core.CheckTaskLabels([]string{"fine", wrong})
		require.Error(t, err, "%q", wrong)
		require.ErrorContains(t, err, "labels: ", "%q", wrong)
	}
	require.Error(t, core.CheckTaskLabels(make([]string, core.MaxTaskLabels+1)))

	require.Equal(t, []string{"a", "c", "d"}, core.Relabel([]string{"a", "b", "c"}, []string{"d", "a"}, []string{"b", "e"}))
	require.Equal(t, []string{}, core.Relabel([]string{"a"}, []string{"b"}, []string{"a", "b"}), "no labels are not labels left out")
}
