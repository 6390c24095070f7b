package core

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"encoding/base64"
)

// Callback is what is called over HTTP and what counts as success.
type Callback struct {
	Method  string   `json:"method"`
	URL     string   `json:"url" audit:"url"`
	Headers []Header `json:"headers,omitempty"`
	// ContentType is the media type of the body; empty sends none.
	ContentType string `json:"contentType,omitempty"`
	// Body is sent as it stands. Form is url-encoded and sent instead when it is set: as the body, or as the query
	// string of a GET.
	Body string  `json:"body,omitempty"`
	Form []Param `json:"form,omitempty"`
	// ConnectTimeout bounds the connection, Timeout the whole call until the answer has been read. Zero means the
	// server's setting.
	ConnectTimeout time.Duration `json:"connectTimeout,omitempty"`
	Timeout        time.Duration `json:"timeout,omitempty"`
	Success        SuccessRule   `json:"success,omitzero"`
	// Redirects is how many redirects are followed; 0 means DefaultRedirects, negative follows none.
	Redirects int `json:"redirects,omitempty"`
	TLS       TLS `json:"tls,omitzero"`
	// Secret signs each request after Standard Webhooks: "whsec_" and base64, or any text. Empty does not sign.
	Secret string `json:"secret,omitempty" audit:"secret"`
}

// Header is one header of a request.
type Header struct {
	Name   string `json:"name"`
	Value  string `json:"value" audit:"secret"`
	Remark string `json:"remark,omitempty"`
}

// SuccessRule decides whether an answer is a success. Every part that is set must hold.
type SuccessRule struct {
	// Statuses is a list of status codes and ranges, such as "200-299,304". Empty means 200-299.
	Statuses string `json:"statuses,omitempty"`
	// Contains must appear in the body.
	Contains string `json:"contains,omitempty"`
	// Regex (RE2 syntax) must match somewhere in the body.
	Regex string `json:"regex,omitempty"`
	// JSONPath names a value in a JSON body as names and indexes joined by dots ("data.items.0.ok"); the value must
	// equal JSONEquals, compared as text. An empty JSONEquals asks only that the value is there and not null or false.
	JSONPath   string `json:"jsonPath,omitempty"`
	JSONEquals string `json:"jsonEquals,omitempty"`
}

// The limits of a callback.
const (
	MaxURL            = 2048      // characters
	MaxBody           = 256 << 10 // bytes
	MaxHeaders        = 100
	MaxHeaderValue    = 8 << 10 // bytes
	MaxTimeout        = 24 * time.Hour
	DefaultRedirects  = 10
	MaxRedirects      = 20
	MaxParentResult   = 4 << 10 // bytes of a parent's result sent as a header
	DefaultRequestTTL = 10 * time.Second
)

// Validate checks the callback's fields; their names are led by "callback.".
func (c *Callback) Validate() error {
	switch c.Method {
	case "GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS":
	default:
		return Broken("callback.method", "must be GET, POST, PUT, DELETE, PATCH, HEAD or OPTIONS")
	}
	if err := checkText("callback.url", c.URL, 1, MaxURL); err != nil {
		return err
	}
	address := c.URL
	if strings.Contains(address, "{{") {
		// Templates are filled in at sending time, so their braces must not stop the check.
		address = strings.NewReplacer("{{", "", "}}", "").Replace(address)
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return Malformed("callback.url", "must be an absolute http or https URL")
	}
	if !utf8.ValidString(c.Body) {
		return Malformed("callback.body", "is not valid UTF-8")
	}
	if len(c.Body) > MaxBody {
		return Broken("callback.body", "has %d bytes; at most %d are allowed", len(c.Body), MaxBody)
	}
	if err := c.validateForm(); err != nil {
		return err
	}
	for _, f := range [...]struct {
		field string
		value time.Duration
	}{{"callback.timeout", c.Timeout}, {"callback.connectTimeout", c.ConnectTimeout}} {
		if f.value < 0 || f.value > MaxTimeout {
			return Broken(f.field, "must be from 0 (the setting) to %s", MaxTimeout)
		}
	}
	if c.Redirects > MaxRedirects {
		return Broken("callback.redirects", "must be at most %d", MaxRedirects)
	}
	if err := c.validateHeaders(); err != nil {
		return err
	}
	if err := c.validateSecret(); err != nil {
		return err
	}
	if err := c.TLS.validate(); err != nil {
		return err
	}
	return c.Success.validate()
}

func (c *Callback) validateForm() error {
	if len(c.Form) > MaxParams {
		return Broken("callback.form", "has %d entries; at most %d are allowed", len(c.Form), MaxParams)
	}
	size := 0
	for _, p := range c.Form {
		if err := checkText("callback.form", p.Key, 1, 200); err != nil {
			return err
		}
		if !utf8.ValidString(p.Value) {
			return Malformed("callback.form", "is not valid UTF-8")
		}
		size += len(p.Key) + len(p.Value)
	}
	if size > MaxBody {
		return Broken("callback.form", "has %d bytes; at most %d are allowed", size, MaxBody)
	}
	return nil
}

func (c *Callback) validateHeaders() error {
	if len(c.Headers) > MaxHeaders {
		return Broken("callback.headers", "has %d entries; at most %d are allowed", len(c.Headers), MaxHeaders)
	}
	for _, h := range c.Headers {
		if !isToken(h.Name) {
			return Malformed("callback.headers", "%q is not a header name", h.Name)
		}
		if !utf8.ValidString(h.Value) || strings.ContainsAny(h.Value, "\r\n\x00") {
			return Malformed("callback.headers", "the value of %s holds a line break or is not valid UTF-8", h.Name)
		}
		if len(h.Value) > MaxHeaderValue {
			return Broken("callback.headers", "the value of %s has %d bytes; at most %d are allowed", h.Name, len(h.Value), MaxHeaderValue)
		}
		if err := checkText("callback.headers", h.Remark, 0, MaxRemark); err != nil {
			return err
		}
	}
	if ct := c.ContentType; strings.ContainsAny(ct, "\r\n\x00") || len(ct) > 200 || !utf8.ValidString(ct) {
		return Malformed("callback.contentType", "must be a media type such as application/json")
	}
	return nil
}

func (c *Callback) validateSecret() error {
	if encoded, ok := strings.CutPrefix(c.Secret, "whsec_"); ok {
		if key, err := base64.StdEncoding.DecodeString(encoded); err != nil || len(key) < 8 {
			return Malformed("callback.secret", "must be base64 of at least 8 bytes after whsec_")
		}
	}
	return checkText("callback.secret", c.Secret, 0, 500)
}

func (r *SuccessRule) validate() error {
	if _, err := ParseStatuses(r.Statuses); err != nil {
		return err
	}
	for _, f := range [...]struct{ field, value string }{
		{"callback.success.contains", r.Contains}, {"callback.success.regex", r.Regex},
		{"callback.success.jsonPath", r.JSONPath}, {"callback.success.jsonEquals", r.JSONEquals},
	} {
		if err := checkText(f.field, f.value, 0, 1000); err != nil {
			return err
		}
	}
	if r.Regex != "" {
		if _, err := regexp.Compile(r.Regex); err != nil {
			return Malformed("callback.success.regex", "is not a regular expression in RE2 syntax")
		}
	}
	if r.JSONEquals != "" && r.JSONPath == "" {
		return Broken("callback.success.jsonEquals", "goes with jsonPath only")
	}
	return nil
}

// StatusRange is an inclusive range of HTTP status codes.
type StatusRange struct{ From, To int }

// ParseStatuses reads a list of status codes and ranges. An empty list is 200-299.
func ParseStatuses(list string) ([]StatusRange, error) {
	if strings.TrimSpace(list) == "" {
		return []StatusRange{{200, 299}}, nil
	}
	var ranges []StatusRange
	for part := range strings.SplitSeq(list, ",") {
		from, to, isRange := strings.Cut(strings.TrimSpace(part), "-")
		if !isRange {
			to = from
		}
		lo, err1 := strconv.Atoi(strings.TrimSpace(from))
		hi, err2 := strconv.Atoi(strings.TrimSpace(to))
		if err1 != nil || err2 != nil || lo < 100 || hi > 599 || lo > hi {
			return nil, Malformed("callback.success.statuses", "%q is not a status code or a range such as 200-299", strings.TrimSpace(part))
		}
		ranges = append(ranges, StatusRange{lo, hi})
	}
	return ranges, nil
}

// isToken says whether s is an HTTP token (RFC 9110, section 5.6.2).
func isToken(s string) bool {
	if s == "" || len(s) > 200 {
		return false
	}
	for _, r := range []byte(s) {
		if r <= ' ' || r >= 0x7f || strings.IndexByte("\"(),/:;<=>?@[\\]{}", r) >= 0 {
			return false
		}
	}
	return true
}
