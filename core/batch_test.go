package core

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBatchesThatAreNotGivenAreTheDefault(t *testing.T) {
	t.Parallel()
	def := reflect.ValueOf(DefaultBatches())
	for i := range def.NumField() {
		name := def.Type().Field(i).Name
		require.Positive(t, def.Field(i).Int(), name)
		for given, want := range map[int64]int64{-1: def.Field(i).Int(), 0: def.Field(i).Int(), 1: 1, 7777: 7777} {
			var b Batches
			reflect.ValueOf(&b).Elem().Field(i).SetInt(given)
			require.Equal(t, want, reflect.ValueOf(b.OrDefault()).Field(i).Int(), "%s of %d", name, given)
			require.Equal(t, want, reflect.ValueOf(b.OrDefault().OrDefault()).Field(i).Int(), name)
		}
	}
	require.Equal(t, DefaultBatches(), Batches{}.OrDefault())
}
