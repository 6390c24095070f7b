package compat

import (
	"net/http"
	"net/url"
	"strings"
)

// FoldPath lower-cases a path of the form API, so that a router which minds case finds it. Any other path stays as it is.
func FoldPath(path string) string {
	if isUnder(path, taskPath) || isUnder(path, delayedPath) {
		return strings.ToLower(path)
	}
	return path
}

func isUnder(path, root string) bool {
	return len(path) >= len(root) && foldEqual(path[:len(root)], root) && (len(path) == len(root) || path[len(root)] == '/')
}

// FoldCase gives next the requests with their paths folded by FoldPath.
func FoldCase(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := FoldPath(r.URL.Path)
		if path != r.URL.Path {
			// A handler must not change the request it is given, so a copy carries the path, as in http.StripPrefix.
			folded := *r
			folded.URL = new(url.URL)
			*folded.URL = *r.URL
			folded.URL.Path, folded.URL.RawPath = path, ""
			r = &folded
		}
		next.ServeHTTP(w, r)
	})
}

// foldEqual compares without regard to the case of ASCII letters.
func foldEqual(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + ('a' - 'A')
	}
	return c
}
