package v1

import "github.com/carillonhq/carillon/core"

// Callback is what is called over HTTP and what counts as success.
type Callback struct {
	Method         string       `json:"method"`
	URL            string       `json:"url"`
	Headers        []Header     `json:"headers,omitempty"`
	ContentType    string       `json:"contentType,omitempty"`
	Body           string       `json:"body,omitempty"`
	Form           []Param      `json:"form,omitempty"`
	ConnectTimeout Duration     `json:"connectTimeout,omitempty"`
	Timeout        Duration     `json:"timeout,omitempty"`
	Success        *SuccessRule `json:"success,omitempty"`
	// Redirects is how many redirects are followed: none for 0, core.DefaultRedirects when absent.
	Redirects *int   `json:"redirects,omitempty"`
	TLS       *TLS   `json:"tls,omitempty"`
	Secret    string `json:"secret,omitempty"` // write-only: see Kept
}

// Header is one header of a request.
type Header struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Remark string `json:"remark,omitempty"`
}

// Param is one named value given to a task, or one field of a form.
type Param struct {
	Key    string `json:"key"`
	Value  string `json:"value"`
	Remark string `json:"remark,omitempty"`
}

// SuccessRule decides whether an answer is a success. Every part that is set must hold.
type SuccessRule struct {
	Statuses   string `json:"statuses,omitempty"`
	Contains   string `json:"contains,omitempty"`
	Regex      string `json:"regex,omitempty"`
	JSONPath   string `json:"jsonPath,omitempty"`
	JSONEquals string `json:"jsonEquals,omitempty"`
}

// TLS is how the target's certificate is checked and what is shown to it.
type TLS struct {
	InsecureSkipVerify bool   `json:"insecureSkipVerify,omitempty"`
	ServerName         string `json:"serverName,omitempty"`
	CA                 string `json:"ca,omitempty"`
	Cert               string `json:"cert,omitempty"`
	Key                string `json:"key,omitempty"` // write-only: see Kept
}

func callbackOf(c *core.Callback) *Callback {
	if c == nil {
		return nil
	}
	out := &Callback{
		Method: c.Method, URL: c.URL, ContentType: c.ContentType, Body: c.Body, Form: paramsOf(c.Form),
		ConnectTimeout: durationOf(c.ConnectTimeout), Timeout: durationOf(c.Timeout), Secret: hidden(c.Secret),
	}
	for _, h := range c.Headers {
		out.Headers = append(out.Headers, Header{h.Name, h.Value, h.Remark})
	}
	if c.Success != (core.SuccessRule{}) {
		out.Success = &SuccessRule{c.Success.Statuses, c.Success.Contains, c.Success.Regex, c.Success.JSONPath, c.Success.JSONEquals}
	}
	if c.Redirects != 0 {
		out.Redirects = new(max(c.Redirects, 0))
	}
	if c.TLS != (core.TLS{}) {
		out.TLS = &TLS{c.TLS.InsecureSkipVerify, c.TLS.ServerName, c.TLS.CA, c.TLS.Cert, hidden(c.TLS.Key)}
	}
	return out
}

// core gives the callback as core has it. earlier is the one whose secrets are kept, nil when there is none.
func (c *Callback) core(v *values, earlier *core.Callback) *core.Callback {
	if c == nil {
		return nil
	}
	if earlier == nil {
		earlier = new(core.Callback)
	}
	out := &core.Callback{
		Method: c.Method, URL: v.url(c.URL, earlier.URL), ContentType: c.ContentType, Body: c.Body, Form: params(c.Form),
		Headers:        v.headers(c.Headers, earlier.Headers),
		ConnectTimeout: v.duration("callback.connectTimeout", c.ConnectTimeout),
		Timeout:        v.duration("callback.timeout", c.Timeout),
		Secret:         v.secret("callback.secret", c.Secret, earlier.Secret),
	}
	if s := c.Success; s != nil {
		out.Success = core.SuccessRule{Statuses: s.Statuses, Contains: s.Contains, Regex: s.Regex, JSONPath: s.JSONPath, JSONEquals: s.JSONEquals}
	}
	if c.Redirects != nil {
		// In core 0 is the default and a negative number none.
		switch n := *c.Redirects; {
		case n < 0:
			v.fail(broken("callback.redirects", "must be from 0 (follow none) to %d", core.MaxRedirects))
		case n == 0:
			out.Redirects = -1
		default:
			out.Redirects = n
		}
	}
	if t := c.TLS; t != nil {
		out.TLS = core.TLS{
			InsecureSkipVerify: t.InsecureSkipVerify, ServerName: t.ServerName, CA: t.CA, Cert: t.Cert,
			Key: v.secret("callback.tls.key", t.Key, earlier.TLS.Key),
		}
	}
	return out
}

func paramsOf(list []core.Param) []Param {
	var out []Param
	for _, p := range list {
		out = append(out, Param{p.Key, p.Value, p.Remark})
	}
	return out
}

func params(list []Param) []core.Param {
	var out []core.Param
	for _, p := range list {
		out = append(out, core.Param{Key: p.Key, Value: p.Value, Remark: p.Remark})
	}
	return out
}
