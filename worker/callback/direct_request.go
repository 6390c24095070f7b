package callback

import (
	"cmp"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// maxDirect bounds the head and the body of a request that is written at once, in bytes. The system takes twice as much
// before the target has read any of it, so an answer is heard that comes before the request was read.
const maxDirect = 8 << 10

// appendTo appends the request as it is sent over HTTP/1.1, and says whether that could be done.
func (r *request) appendTo(b []byte, acceptGzip bool) (_ []byte, ok bool) {
	b = append(b, r.method...)
	b = append(b, ' ')
	b = append(b, r.url.RequestURI()...)
	b = append(b, " HTTP/1.1\r\nHost: "...)
	b = append(b, cmp.Or(r.host, r.url.Host)...)
	b = append(b, "\r\n"...)
	ok = isToken(r.method)
	for _, f := range r.header {
		if f.name == "User-Agent" && f.value == "" { // package http's way to send none
			continue
		}
		ok = ok && isToken(f.name) && headerSafe(f.value)
		b = append(b, f.name...)
		b = append(b, ": "...)
		b = append(b, strings.Trim(f.value, " \t")...)
		b = append(b, "\r\n"...)
	}
	if acceptGzip {
		b = append(b, "Accept-Encoding: gzip\r\n"...)
	}
	if r.body != "" || takesBody(r.method) {
		b = append(b, "Content-Length: "...)
		b = strconv.AppendInt(b, int64(len(r.body)), 10)
		b = append(b, "\r\n"...)
	}
	b = append(b, "\r\n"...)
	ok = ok && len(b) <= maxDirect
	return append(b, r.body...), ok
}

// takesBody says that a request without a body says so: its target may wait for one (RFC 9110, section 8.6).
func takesBody(method string) bool {
	return method == http.MethodPost || method == http.MethodPut || method == http.MethodPatch
}

// isToken says whether s can be a method or the name of a header (RFC 9110, section 5.6.2).
func isToken(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("\"(),/:;<=>?@[\\]{}", c) >= 0 {
			return false
		}
	}
	return s != ""
}

// plainHost says whether a host can be written into a request as it stands: it is in ASCII and has no zone.
func plainHost(host string) bool {
	for i := range len(host) {
		switch c := host[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '.', c == '-', c == '_', c == ':', c == '[', c == ']':
		default:
			return false
		}
	}
	return true
}

// addressOf is where to connect for a URL without TLS.
func addressOf(u *url.URL) string {
	if u.Port() != "" {
		return u.Host
	}
	return net.JoinHostPort(u.Hostname(), "80")
}
