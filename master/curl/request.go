package curl

import (
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/carillonhq/carillon/core"
)

// request is what has been read of a command so far.
type request struct {
	method, url   string
	head, get     bool
	headers       []core.Header
	data          []string // joined by &
	json          []string // joined by nothing
	query         []string
	hasData       bool
	authorization string
	timeout       time.Duration
	connect       time.Duration
	redirects     int
	left          []*core.Error
	ended         bool
}

// address takes a URL.
func (r *request) address(text string) error {
	if r.url != "" {
		r.leave(text, "only the first URL is taken")
		return nil
	}
	if text == "" {
		return core.Broken(field, "has an empty URL")
	}
	if !strings.Contains(text, "://") {
		text = "http://" + text // as curl takes it
	}
	r.url = text
	return nil
}

// take takes an option that says something of the request.
func (r *request) take(said, name, value string) error {
	switch name {
	case "request":
		r.method = strings.ToUpper(value)
	case "url":
		return r.address(value)
	case "get":
		r.get = true
	case "head":
		r.head = true
	case "header":
		r.header(said, value)
	case "data", "data-ascii", "data-binary", "data-raw", "data-urlencode", "json", "url-query":
		r.body(said, name, value)
	case "user":
		if !strings.Contains(value, ":") {
			r.leave(said, "there is no password in it, which curl would ask for")
			value += ":"
		}
		r.authorization = "Basic " + base64.StdEncoding.EncodeToString([]byte(value))
	case "oauth2-bearer":
		r.authorization = "Bearer " + value
	case "user-agent":
		r.add("User-Agent", value)
	case "referer":
		r.add("Referer", strings.TrimSuffix(value, ";auto"))
	case "range":
		r.add("Range", "bytes="+value)
	case "cookie":
		if !strings.Contains(value, "=") {
			r.leave(said, "it names a file of cookies, which is not read")
			break
		}
		r.add("Cookie", value)
	case "insecure":
		r.leave(said, "the certificate is checked all the same; what is to be taken instead is said in the fields for TLS")
	case "location":
		r.redirects = max(r.redirects, 0) // they are followed anyway
	case "max-redirs":
		n, err := strconv.Atoi(value)
		if err != nil {
			return core.Broken(field, "has %q after %s, which is not a whole number", value, said)
		}
		if r.redirects = min(n, core.MaxRedirects); n <= 0 {
			r.redirects = -1
		}
	case "max-time", "connect-timeout":
		seconds, err := strconv.ParseFloat(value, 64)
		if err != nil || !(seconds >= 0 && seconds <= core.MaxTimeout.Seconds()) {
			return core.Broken(field, "has %q after %s, which is not a number of seconds up to a day", value, said)
		}
		into := &r.timeout
		if name == "connect-timeout" {
			into = &r.connect
		}
		*into = time.Duration(seconds * float64(time.Second)).Round(time.Millisecond)
	}
	return nil
}

// header takes a line of a header.
func (r *request) header(said, line string) {
	if strings.HasPrefix(line, "@") {
		r.leave(said+" "+line, "it names a file, which is not read")
		return
	}
	name, value, ok := strings.Cut(line, ":")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	switch {
	case !ok && strings.HasSuffix(name, ";"):
		name = strings.TrimSuffix(name, ";") // a header without a value
	case !ok || value == "":
		r.leave(said+" "+line, "a header that curl would send by itself is not taken away")
		return
	}
	switch strings.ToLower(name) {
	case "content-length", "transfer-encoding", "connection", "accept-encoding", "expect", "te", "trailer", "upgrade", "keep-alive":
		r.leave(said+" "+name, "workers say this themselves")
		return
	}
	r.add(name, value)
}

func (r *request) add(name, value string) {
	r.headers = append(r.headers, core.Header{Name: name, Value: value})
}

// body takes a part of the body.
func (r *request) body(said, name, value string) {
	file := strings.HasPrefix(value, "@")
	switch name {
	case "data-raw":
		file = false
	case "url-query":
		file = file || strings.Contains(value, "@") && !strings.Contains(value, "=")
	case "data-urlencode":
		at, equals := strings.IndexByte(value, '@'), strings.IndexByte(value, '=')
		file = at >= 0 && (equals < 0 || at < equals)
	}
	if file {
		r.leave(said+" "+value, "it names a file, which is not read")
		return
	}
	switch name {
	case "json":
		r.json, r.hasData = append(r.json, value), true
	case "url-query":
		r.query = append(r.query, encoded(strings.TrimPrefix(value, "+")))
	case "data-urlencode":
		r.data, r.hasData = append(r.data, encoded(value)), true
	default:
		r.data, r.hasData = append(r.data, value), true
	}
}

// encoded writes "name=content", "=content" or "content" with the content escaped.
func encoded(value string) string {
	name, content, ok := strings.Cut(value, "=")
	if !ok {
		name, content = "", value
	}
	content = strings.ReplaceAll(url.QueryEscape(content), "+", "%20")
	if name == "" {
		return content
	}
	return name + "=" + content
}

// finish makes the callback.
func (r *request) finish() (*Request, error) {
	if r.url == "" {
		return nil, core.Broken(field, "has no URL in it")
	}
	c := core.Callback{Method: "GET", URL: r.url, Timeout: r.timeout, ConnectTimeout: r.connect, Redirects: r.redirects}
	data := strings.Join(r.data, "&")
	if len(r.json) > 0 {
		if data != "" {
			data += "&"
		}
		data += strings.Join(r.json, "")
	}
	switch {
	case r.get:
		if data != "" {
			r.query = append(r.query, data)
		}
	case r.hasData:
		c.Method, c.Body, c.ContentType = "POST", data, "application/x-www-form-urlencoded"
	}
	if r.head {
		c.Method = "HEAD"
	}
	if r.method != "" {
		c.Method = r.method
	}
	c.URL = withQuery(c.URL, strings.Join(r.query, "&"))
	if len(r.json) > 0 && !r.get {
		c.ContentType = "application/json"
		if !r.has("Accept") {
			r.add("Accept", "application/json")
		}
	}
	if r.authorization != "" && !r.has("Authorization") {
		r.add("Authorization", r.authorization)
	}
	for _, h := range r.headers {
		if strings.EqualFold(h.Name, "Content-Type") {
			c.ContentType = h.Value
			continue
		}
		c.Headers = append(c.Headers, h)
	}
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return &Request{Callback: c, Left: r.left}, nil
}

func (r *request) has(name string) bool {
	for _, h := range r.headers {
		if strings.EqualFold(h.Name, name) {
			return true
		}
	}
	return false
}

// withQuery adds to the query of a URL.
func withQuery(address, query string) string {
	if query == "" {
		return address
	}
	address, fragment, cut := strings.Cut(address, "#")
	switch {
	case !strings.Contains(address, "?"):
		address += "?"
	case !strings.HasSuffix(address, "?") && !strings.HasSuffix(address, "&"):
		address += "&"
	}
	address += query
	if cut {
		address += "#" + fragment
	}
	return address
}
