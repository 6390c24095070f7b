package core_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func TestAPITokenValidate(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC)
	valid := func() core.APIToken { return core.APIToken{Name: "ci", Role: core.RoleViewer} }
	k := valid()
	require.NoError(t, k.Validate(now))
	k.ExpiresAt = now.Add(time.Microsecond)
	require.NoError(t, k.Validate(now))
	require.False(t, k.Expired(now))
	require.True(t, k.Expired(now.Add(time.Microsecond)))
	checkRefusals(t, valid, func(k *core.APIToken) error { return k.Validate(now) }, []refusal[core.APIToken]{
		{"no name", "name", core.CodeRule, func(k *core.APIToken) { k.Name = "" }},
		{"long name", "name", core.CodeRule, func(k *core.APIToken) { k.Name = strings.Repeat("é", core.MaxAPITokenName+1) }},
		{"unknown role", "role", core.CodeRule, func(k *core.APIToken) { k.Role = "root" }},
		{"no role", "role", core.CodeRule, func(k *core.APIToken) { k.Role = "" }},
		{"expired", "expiresAt", core.CodeRule, func(k *core.APIToken) { k.ExpiresAt = now }},
	})
}
