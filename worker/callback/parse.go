package callback

import (
	"encoding/json"

	"github.com/carillonhq/carillon/core"
)

// Parse reads a callback from its JSON, as json.Unmarshal does. Each run brings its callback along, so what json.Marshal
// writes of one is read without reflection; all other JSON is left to package json.
func Parse(text []byte) (core.Callback, error) {
	var c core.Callback
	if parse(string(text), &c) {
		return c, nil
	}
	c = core.Callback{}
	err := json.Unmarshal(text, &c)
	return c, err
}

// parse reads JSON in the form that json.Marshal writes. It gives false for any other, whether right or wrong.
func parse(text string, c *core.Callback) bool {
	r := reader{rest: text}
	return r.object(func(name string) bool {
		switch name {
		case "method":
			return r.text(&c.Method)
		case "url":
			return r.text(&c.URL)
		case "headers":
			return list(&r, &c.Headers, parseHeader)
		case "contentType":
			return r.text(&c.ContentType)
		case "body":
			return r.text(&c.Body)
		case "form":
			return list(&r, &c.Form, parseParam)
		case "connectTimeout":
			return number(&r, &c.ConnectTimeout)
		case "timeout":
			return number(&r, &c.Timeout)
		case "success":
			return parseRule(&r, &c.Success)
		case "redirects":
			return number(&r, &c.Redirects)
		case "tls":
			return parseTLS(&r, &c.TLS)
		case "secret":
			return r.text(&c.Secret)
		}
		return false
	}) && r.rest == ""
}

func parseHeader(r *reader, h *core.Header) bool {
	return r.object(func(name string) bool {
		switch name {
		case "name":
			return r.text(&h.Name)
		case "value":
			return r.text(&h.Value)
		case "remark":
			return r.text(&h.Remark)
		}
		return false
	})
}

func parseParam(r *reader, p *core.Param) bool {
	return r.object(func(name string) bool {
		switch name {
		case "ParamKey":
			return r.text(&p.Key)
		case "ParamValue":
			return r.text(&p.Value)
		case "ParamRemark":
			return r.text(&p.Remark)
		}
		return false
	})
}

func parseRule(r *reader, s *core.SuccessRule) bool {
	return r.object(func(name string) bool {
		switch name {
		case "statuses":
			return r.text(&s.Statuses)
		case "contains":
			return r.text(&s.Contains)
		case "regex":
			return r.text(&s.Regex)
		case "jsonPath":
			return r.text(&s.JSONPath)
		case "jsonEquals":
			return r.text(&s.JSONEquals)
		}
		return false
	})
}

func parseTLS(r *reader, t *core.TLS) bool {
	return r.object(func(name string) bool {
		switch name {
		case "insecureSkipVerify":
			return r.truth(&t.InsecureSkipVerify)
		case "serverName":
			return r.text(&t.ServerName)
		case "ca":
			return r.text(&t.CA)
		case "cert":
			return r.text(&t.Cert)
		case "key":
			return r.text(&t.Key)
		}
		return false
	})
}
