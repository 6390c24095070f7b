package core_test

import (
	"crypto/md5" // #nosec G501 -- the contract fixes it
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func TestAPISecret(t *testing.T) {
	t.Parallel()
	hash := func(s string) string {
		sum := md5.Sum([]byte(s)) // #nosec G401 -- see the import
		return hex.EncodeToString(sum[:])
	}
	require.Equal(t, "96e79218965eb72c92a549dd5a330112", hash("111111"))
	require.Equal(t, hash("admin"+"96e79218965eb72c92a549dd5a330112"+"admin"), core.APISecret("admin", "111111"))
	require.Equal(t, core.APISecret("admin", "111111"), core.APISecretOf("admin", "96e79218965eb72c92a549dd5a330112"))
	require.Equal(t, hash("用户"+hash("密码")+"用户"), core.APISecret("用户", "密码"), "names and passwords are UTF-8")
}

func TestUserValidate(t *testing.T) {
	t.Parallel()
	valid := func() core.User { return core.User{Name: "ada", Role: core.RoleViewer, Email: "ada@example.org"} }
	for _, role := range []core.Role{core.RoleAdmin, core.RoleDeveloper, core.RoleOperator, core.RoleViewer} {
		u := valid()
		u.Role = role
		require.NoError(t, u.Validate())
	}
	checkRefusals(t, valid, (*core.User).Validate, []refusal[core.User]{
		{"no name", "name", core.CodeRule, func(u *core.User) { u.Name = "" }},
		{"long name", "name", core.CodeRule, func(u *core.User) { u.Name = strings.Repeat("é", core.MaxUserName+1) }},
		{"name is not UTF-8", "name", core.CodeMalformed, func(u *core.User) { u.Name = "a\xff" }},
		{"long display name", "displayName", core.CodeRule, func(u *core.User) { u.DisplayName = strings.Repeat("é", core.MaxDisplayName+1) }},
		{"long e-mail", "email", core.CodeRule, func(u *core.User) { u.Email = strings.Repeat("a", 201) }},
		{"e-mail is not UTF-8", "email", core.CodeMalformed, func(u *core.User) { u.Email = "\xff" }},
		{"no role", "role", core.CodeRule, func(u *core.User) { u.Role = "" }},
		{"unknown role", "role", core.CodeRule, func(u *core.User) { u.Role = "root" }},
	})
}

func TestLesserRole(t *testing.T) {
	t.Parallel()
	all := []core.Role{"", core.RoleViewer, core.RoleOperator, core.RoleDeveloper, core.RoleAdmin}
	for i, a := range all {
		for j, b := range all {
			require.Equal(t, all[min(i, j)], a.Lesser(b), "%s and %s", a, b)
		}
	}
}

func TestCheckPassword(t *testing.T) {
	t.Parallel()
	require.NoError(t, core.CheckPassword("123456"))
	require.NoError(t, core.CheckPassword(strings.Repeat("é", core.MaxPassword)))
	for name, password := range map[string]string{
		"none": "", "short": "12345", "short in characters": "ééééé", "long": strings.Repeat("a", core.MaxPassword+1), "not UTF-8": "12345678\xff",
	} {
		requireField(t, core.CheckPassword(password), "password", name)
	}
}
