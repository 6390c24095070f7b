package messages

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFromHeader(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		header string
		want   Language
	}{
		{"", Chinese},
		{"zh-CN", Chinese},
		{"zh-CN,zh;q=0.9,en;q=0.8", Chinese},
		{"en", English},
		{"EN-us", English},
		{"en-US,en;q=0.9", English},
		{"en-US,en;q=0.9,zh-CN;q=0.8", English},
		{"en;q=0.8, zh;q=0.9", Chinese},
		{"zh, en", Chinese},
		{"en, zh", English},
		{"en;q=0.5, zh;q=0.5", English},
		{"fr-FR, en;q=0.3", English},
		{"fr-FR, de", Chinese},
		{"*", Chinese},
		{"en;q=0", Chinese},
		{"en;q=0, zh;q=0", Chinese},
		{"en ; q=1.000", English},
		{"en;level=1;q=0.1, zh;q=0.2", Chinese},
		{"en;q=many", Chinese},
		{"en;q=NaN", Chinese},
		{"en;q=-1", Chinese},
		{"english", Chinese},
		{"enx-US", Chinese},
		{",,;;=,", Chinese},
		{strings.Repeat("fr,", 40) + "en", Chinese}, // beyond what is read
	} {
		require.Equal(t, row.want, FromHeader(row.header), row.header)
	}
}
