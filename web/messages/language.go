package messages

import (
	"strconv"
	"strings"
)

// Language is a language that Carillon speaks.
type Language string

// The languages.
const (
	English Language = "en"
	Chinese Language = "zh"
)

// maxRanges is how many entries of an Accept-Language header are read: a header may be megabytes long.
const maxRanges = 32

// FromHeader picks the language for a caller from its Accept-Language header (RFC 9110, section 12.5.4): Chinese, unless
// English is given a higher quality than Chinese, or the same and stands before it.
func FromHeader(acceptLanguage string) Language {
	if acceptLanguage == "" {
		return Chinese
	}
	var english, chinese, n float64
	for entry := range strings.SplitSeq(acceptLanguage, ",") {
		if n++; n > maxRanges {
			break
		}
		tag, params, _ := strings.Cut(entry, ";")
		primary, _, _ := strings.Cut(strings.TrimSpace(tag), "-")
		// Of two entries with the same quality the first is preferred, by less than any two qualities differ by.
		switch quality := quality(params) - n*1e-6; {
		case strings.EqualFold(primary, string(English)):
			english = max(english, quality)
		case strings.EqualFold(primary, string(Chinese)):
			chinese = max(chinese, quality)
		}
	}
	if english > chinese {
		return English
	}
	return Chinese
}

// quality reads the weight of an entry; 1 when there is none, 0 when it cannot be read.
func quality(params string) float64 {
	for param := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(param, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "q") {
			continue
		}
		q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil || !(q >= 0 && q <= 1) {
			return 0
		}
		return q
	}
	return 1
}
