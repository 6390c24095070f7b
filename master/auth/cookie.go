package auth

import "net/http"

// The cookies that hold a session's token. The two names keep a session by HTTPS, which no answer by HTTP can replace,
// apart from one by HTTP.
const (
	plainCookie  = "carillon"
	secureCookie = "__Host-carillon" // browsers let nobody else set one of this name
)

// CameSecurely says whether a request came by HTTPS, as far as can be known. A header that a client makes up does it no good.
func CameSecurely(r *http.Request) bool {
	return r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https"
}

// SessionCookie is the name of the cookie with the session of who asks.
func SessionCookie(secure bool) string {
	if secure {
		return secureCookie
	}
	return plainCookie
}

// SessionToken is what the browser that asks holds of its session; empty when it holds none. secure says that it would have
// been given one by HTTPS, even where the request does not say that it came so.
func SessionToken(r *http.Request, secure bool) string {
	c, err := r.Cookie(SessionCookie(secure || CameSecurely(r)))
	if err != nil {
		return ""
	}
	return c.Value
}
