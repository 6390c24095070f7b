package core_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

// refusal is a change that makes a valid value one to be refused, with the field and the class that must be named.
type refusal[T any] struct {
	name   string
	field  string
	code   core.Code
	change func(*T)
}

// checkRefusals applies each change to a valid value and checks that it is refused, by field and class.
func checkRefusals[T any](t *testing.T, valid func() T, validate func(*T) error, refusals []refusal[T]) {
	t.Helper()
	v := valid()
	require.NoError(t, validate(&v))
	for _, r := range refusals {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			v := valid()
			r.change(&v)
			err := validate(&v)
			requireField(t, err, r.field, r.name)
			require.Equal(t, r.code, core.CodeOf(err), err)
		})
	}
}

// requireField checks that err is one for the caller which names field.
func requireField(t *testing.T, err error, field, what string) {
	t.Helper()
	require.Error(t, err, what)
	e, ok := errors.AsType[*core.Error](err)
	require.True(t, ok, "%s: %v", what, err)
	require.Equal(t, field, e.Field, "%s: %v", what, err)
	require.NotContains(t, e.Error(), "%!", what)
}
