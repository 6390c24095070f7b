package callback

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"
)

// request is what is sent to one URL. A redirect makes another one of it.
type request struct {
	method string
	url    *url.URL
	host   string // the task's own Host header; empty: the URL's
	header fields
	body   string
	sign   *signature // nil: not signed
}

// prepare makes the first request of a call. Its error is a permanent failure: nothing was sent.
func (c *Client) prepare(call *Call) (*request, error) {
	fill := template{call: call}
	r, err := c.build(call, &fill)
	if fill.tooLarge {
		return nil, permanent("the request is over 1 MiB with its templates filled in")
	}
	return r, err
}

func (c *Client) build(call *Call, fill *template) (*request, error) {
	cb := &call.Callback
	u, err := parseURL(fill.url(cb.URL))
	if err != nil {
		return nil, err
	}
	r := &request{method: cb.Method, url: u, body: fill.raw(cb.Body)}
	contentType := cb.ContentType
	if len(cb.Form) > 0 {
		contentType = cmp.Or(contentType, "application/x-www-form-urlencoded")
		r.body = encodeForm(cb.Form, fill)
		if bodyless(cb.Method) {
			u.RawQuery, r.body = joinQuery(u.RawQuery, r.body), ""
		}
	}
	if r.body == "" && bodyless(cb.Method) {
		contentType = ""
	}
	if r.sign, err = newSignature(call); err != nil {
		return nil, err
	}
	return r, c.setHeaders(r, call, fill, contentType)
}

// bodyless says that a form goes into the query string of such a request.
func bodyless(method string) bool { return method == http.MethodGet || method == http.MethodHead }

func joinQuery(query, more string) string {
	if query == "" {
		return more
	}
	return query + "&" + more
}

// parseURL reads the URL to call. The error does not quote it: it may hold a password.
func parseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || !callable(u) {
		return nil, permanent("the URL is not an absolute http or https URL")
	}
	u.RawQuery = escapeQuery(u.RawQuery)
	return u, nil
}

func callable(u *url.URL) bool { return u.Scheme == "http" || u.Scheme == "https" }

// escapeQuery percent-encodes what a query may not hold (RFC 3986, section 3.4), such as a space or a letter outside
// ASCII, and leaves escapes that are there alone. Package url keeps queries as they were written, but sent raw a space
// would end the request line.
func escapeQuery(q string) string {
	bad := 0
	for i := range len(q) {
		if badInQuery(q[i]) {
			bad++
		}
	}
	if bad == 0 {
		return q
	}
	b := make([]byte, 0, len(q)+2*bad)
	for i := range len(q) {
		if badInQuery(q[i]) {
			b = appendEscaped(b, q[i])
		} else {
			b = append(b, q[i])
		}
	}
	return string(b)
}

func badInQuery(c byte) bool {
	return c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>\\^`{|}", c) >= 0
}

// shown is the URL as it may be shown: without the password.
func (r *request) shown() string { return r.url.Redacted() }

// http makes the request of package http.
func (r *request) http(ctx context.Context) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, r.method, "", strings.NewReader(r.body))
	if err != nil {
		return nil, permanent("the request cannot be made: " + err.Error())
	}
	req.URL, req.Header, req.Host = r.url, r.header.header(), r.host
	return req, nil
}
