package core_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func TestCutUserInfo(t *testing.T) {
	t.Parallel()
	for url, masked := range map[string]string{
		"http://example.org/":                "http://example.org/",
		"http://a:b@example.org":             "http://***@example.org",
		"http://key@example.org?x=1":         "http://***@example.org?x=1",
		"http://key:@example.org#y":          "http://***@example.org#y",
		"http://a:p@ss@example.org/":         "http://***@example.org/",
		"http://example.org/mail/a@b":        "http://example.org/mail/a@b",
		"http://example.org?to=a@b":          "http://example.org?to=a@b",
		"http://{{parent.result}}/x@y":       "http://{{parent.result}}/x@y",
		"http://a:b@{{parent.result}}/":      "http://***@{{parent.result}}/",
		"GET https://a:b@example.org/?x=y@z": "GET https://***@example.org/?x=y@z",
		"mail a@b":                           "mail a@b",
		"":                                   "",
	} {
		require.Equal(t, masked, core.MaskUserInfo(url), url)
		before, info, after := core.CutUserInfo(url)
		require.Equal(t, url, before+info+after)
	}
}
