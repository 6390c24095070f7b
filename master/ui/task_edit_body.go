package ui

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/carillonhq/carillon/core"
)

// bodyFault is where a text is no JSON.
type bodyFault struct {
	Line, Column int    // from 1; columns count characters
	Found        string // the character there
	// Short says that the text ends before the JSON does.
	Short bool
}

// placeholders are what workers fill in as they send.
var placeholders = regexp.MustCompile(`\{\{ ?[a-z.]{1,36} ?\}\}`)

// looksLikeJSON says whether a body is meant to be JSON.
func looksLikeJSON(contentType, body string) bool {
	body = strings.TrimSpace(body)
	if body == "" {
		return false
	}
	if contentType = strings.TrimSpace(contentType); contentType != "" {
		return strings.Contains(strings.ToLower(contentType), "json")
	}
	return strings.HasPrefix(body, "{") || strings.HasPrefix(body, "[")
}

// faultIn finds where a text is no JSON; nil when it is. What is filled in later counts as a number, or as part of the
// text that it stands in.
func faultIn(body string) *bodyFault {
	filled := placeholders.ReplaceAllStringFunc(body, func(p string) string { return strings.Repeat("1", len(p)) })
	err := json.Unmarshal([]byte(filled), new(json.RawMessage))
	if err == nil {
		return nil
	}
	e, ok := errors.AsType[*json.SyntaxError](err)
	if !ok {
		return &bodyFault{Line: 1, Column: 1, Short: true}
	}
	at := min(int(e.Offset), len(body)) // behind the character that is wrong
	fault := &bodyFault{Short: strings.TrimSpace(body[at:]) == "" && strings.HasSuffix(e.Error(), "end of JSON input")}
	before := body[:at]
	if !fault.Short {
		_, size := utf8.DecodeLastRuneInString(before)
		before = body[:at-size]
		found, _ := utf8.DecodeRuneInString(body[at-size:])
		fault.Found = string(found)
	}
	fault.Line = 1 + strings.Count(before, "\n")
	fault.Column = 1 + utf8.RuneCountInString(before[1+strings.LastIndex(before, "\n"):])
	return fault
}

// indented lays JSON out in lines. Numbers and what is filled in later stay to the letter.
func indented(body string) (string, error) {
	mark := "1" // digits that the body does not hold, so that what stands for a placeholder is found again
	for strings.Contains(body, mark) {
		mark += "7"
	}
	var kept []string
	filled := placeholders.ReplaceAllStringFunc(body, func(p string) string {
		kept = append(kept, p)
		return fmt.Sprintf("%s%06d", mark, len(kept)-1)
	})
	var out bytes.Buffer
	if err := json.Indent(&out, bytes.TrimSpace([]byte(filled)), "", "  "); err != nil {
		return "", err
	}
	text := out.String()
	for i, p := range kept {
		text = strings.Replace(text, fmt.Sprintf("%s%06d", mark, i), p, 1)
	}
	return text, nil
}

// formatBody lays the body of a form out, when it is JSON.
func (f *form) formatBody() {
	if text, err := indented(plainBreaks(f.Value("callback.body"))); err == nil {
		f.set("callback.body", text)
	}
}

// BodyIsJSON says whether the body is meant to be JSON.
func (v *taskEditView) BodyIsJSON() bool {
	return looksLikeJSON(v.Form.Value("callback.contentType"), v.Form.Value("callback.body"))
}

// BodyFault is where the body is no JSON, and is meant to be; nil when nothing is wrong.
func (v *taskEditView) BodyFault() *bodyFault {
	if !v.BodyIsJSON() || len(v.Form.Value("callback.body")) > core.MaxBody {
		return nil
	}
	return faultIn(plainBreaks(v.Form.Value("callback.body")))
}
