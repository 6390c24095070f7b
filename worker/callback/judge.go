package callback

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/carillonhq/carillon/core"
)

// judge holds the success rule against an answer and says what it lacks; nil when the rule holds.
func (c *Client) judge(rule *core.SuccessRule, answer *core.Result) *failure {
	ok, err := statusAccepted(rule.Statuses, answer.Status)
	if err != nil {
		return &failure{reason: "the success rule's statuses cannot be read", permanent: true}
	}
	if !ok {
		return &failure{reason: "answered " + statusText(answer.Status), byStatus: true}
	}
	body := answer.Response
	if rule.Contains != "" && !bytes.Contains(body, []byte(rule.Contains)) {
		return unmet("the answer does not contain "+quoted(rule.Contains), answer)
	}
	if rule.Regex != "" {
		re, err := c.regexes.of(rule.Regex)
		if err != nil {
			return &failure{reason: "the success rule's regular expression cannot be read", permanent: true}
		}
		if !re.Match(body) {
			return unmet("the answer does not match "+quoted(rule.Regex), answer)
		}
	}
	if rule.JSONPath != "" {
		return judgeJSON(rule, answer)
	}
	return nil
}

// unmet is the failure of an answer that lacks something, which may have stood in the part that was not kept.
func unmet(reason string, answer *core.Result) *failure {
	if answer.Truncated {
		reason += " in its first " + strconv.Itoa(core.MaxResponse) + " bytes"
	}
	return &failure{reason: reason}
}

func statusAccepted(list string, status int) (bool, error) {
	if list == "" {
		return status >= 200 && status <= 299, nil
	}
	ranges, err := core.ParseStatuses(list)
	for _, r := range ranges {
		if r.From <= status && status <= r.To {
			return true, err
		}
	}
	return false, err
}

func judgeJSON(rule *core.SuccessRule, answer *core.Result) *failure {
	// Some servers lead JSON with a byte order mark, which RFC 8259, section 8.1, lets a reader ignore.
	body := bytes.TrimPrefix(answer.Response, []byte("\xef\xbb\xbf"))
	if !json.Valid(body) {
		return unmet("the answer is not JSON", answer)
	}
	value, ok := find(body, rule.JSONPath)
	if !ok {
		return &failure{reason: "the answer has no value at " + quoted(rule.JSONPath)}
	}
	text := valueText(value)
	switch {
	case rule.JSONEquals == "" && (text == "null" || text == "false") && value[0] != '"':
		return &failure{reason: "the value at " + quoted(rule.JSONPath) + " is " + text}
	case rule.JSONEquals != "" && text != rule.JSONEquals:
		return &failure{reason: "the value at " + quoted(rule.JSONPath) + " is " + quoted(text) + ", not " + quoted(rule.JSONEquals)}
	}
	return nil
}

// find walks down a valid JSON document by names and indexes joined by dots.
func find(doc json.RawMessage, path string) (json.RawMessage, bool) {
	for step := range strings.SplitSeq(path, ".") {
		var members map[string]json.RawMessage
		var items []json.RawMessage
		switch doc = bytes.TrimSpace(doc); doc[0] {
		case '{':
			if json.Unmarshal(doc, &members) != nil {
				return nil, false
			}
			member, ok := members[step]
			if !ok {
				return nil, false
			}
			doc = member
		case '[':
			i, err := strconv.ParseUint(step, 10, 31)
			if err != nil || json.Unmarshal(doc, &items) != nil || i >= uint64(len(items)) {
				return nil, false
			}
			doc = items[i]
		default:
			return nil, false
		}
	}
	return bytes.TrimSpace(doc), true
}

// valueText is a JSON value as the text that it is compared as: a string without its quotes, a number as it is written,
// an object or a list without blanks.
func valueText(value json.RawMessage) string {
	var s string
	if value[0] == '"' && json.Unmarshal(value, &s) == nil {
		return s
	}
	var b bytes.Buffer
	if json.Compact(&b, value) != nil {
		return string(value)
	}
	return b.String()
}

// regexes keeps compiled regular expressions: tasks use the same ones again and again.
type regexes struct {
	cache *lru.Cache[string, *regexp.Regexp]
}

func newRegexes() (*regexes, error) {
	cache, err := lru.New[string, *regexp.Regexp](256)
	return &regexes{cache: cache}, err
}

func (r *regexes) of(expr string) (*regexp.Regexp, error) {
	if re, ok := r.cache.Get(expr); ok {
		return re, nil
	}
	re, err := regexp.Compile(expr)
	if err == nil {
		r.cache.Add(expr, re)
	}
	return re, err
}
