package store_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

// Definitions may be large, and there may be many: those in memory are bounded by their bytes.
func TestDefinitionsKeptAreBounded(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		const tasks = 150
		body := strings.Repeat("x", core.MaxBody)
		ids := make([]string, tasks)
		for i := range ids {
			ids[i] = b.task(func(k *core.Task) { k.Callback.Body = body }).ID
		}
		for round := range 2 {
			for _, id := range ids {
				def, err := b.Definition(b.ctx, id, 1)
				require.NoError(t, err)
				require.Len(t, def.Callback.Body, core.MaxBody)
				used, limit := b.DefinitionBytes()
				require.LessOrEqual(t, used, limit)
				if round > 0 {
					require.Greater(t, used, limit-3*core.MaxBody, "it is used as far as it goes")
				}
			}
		}
	})
}
