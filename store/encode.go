package store

import (
	"encoding/json"

	"github.com/carillonhq/carillon/core"
)

// encode gives v as JSON text. The types given to it hold nothing that JSON cannot say.
func encode(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("store: " + err.Error())
	}
	return string(b)
}

// encodeNames gives a list as JSON, and an empty one as no text at all.
func encodeNames(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return encode(names)
}

func decodeNames(s string) ([]string, error) {
	if s == "" {
		return nil, nil
	}
	var names []string
	err := json.Unmarshal([]byte(s), &names)
	return names, err
}

func encodeLines(lines []core.LogLine) string {
	if len(lines) == 0 {
		return ""
	}
	return encode(lines)
}

func decodeLines(s string) ([]core.LogLine, error) {
	if s == "" {
		return nil, nil
	}
	var lines []core.LogLine
	err := json.Unmarshal([]byte(s), &lines)
	return lines, err
}
