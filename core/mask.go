package core

import (
	"slices"
	"strings"
)

// SeesCredentials says whether a user may see what callbacks carry to their targets: who may write callbacks.
func (u *User) SeesCredentials() bool { return u.Require(RoleDeveloper) == nil }

// MaskedFor is the callback as a user may see it. The secret that signs is seen by nobody; the values of headers, of which
// nobody can say by the name which are secret, and the name and password in the URL by who may write callbacks.
func (c *Callback) MaskedFor(u *User) *Callback {
	shown := *c
	if shown.Secret != "" {
		shown.Secret = Masked
	}
	if u.SeesCredentials() {
		return &shown
	}
	shown.URL = MaskUserInfo(shown.URL)
	shown.Headers = slices.Clone(shown.Headers)
	for i := range shown.Headers {
		if shown.Headers[i].Value != "" {
			shown.Headers[i].Value = Masked
		}
	}
	return &shown
}

// MaskUserInfo hides the name and password in a URL, or in a text that holds one. A name may be the secret, as with targets
// that take a key for it and no password.
func MaskUserInfo(s string) string {
	if before, info, after := CutUserInfo(s); info != "" {
		return before + Masked + after
	}
	return s
}

// CutUserInfo cuts a URL around its name and password; info is empty when there is none. It works on the text, since a URL
// with templates in it cannot be parsed before they are filled in.
func CutUserInfo(s string) (before, info, after string) {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		return s, "", ""
	}
	authority := rest
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		authority = rest[:i]
	}
	at := strings.LastIndexByte(authority, '@')
	if at < 0 {
		return s, "", ""
	}
	return scheme + "://", rest[:at], rest[at:]
}
