package store

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

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

// storedLine is a line of a log as it is stored. Its instant is a number as everywhere in the schema: JSON cannot say
// every time.Time, and a worker may tell any.
type storedLine struct {
	At    int64  `json:"at"`
	Level string `json:"level"`
	Text  string `json:"text"`
}

func encodeLines(lines []core.LogLine) string {
	if len(lines) == 0 {
		return ""
	}
	stored := make([]storedLine, len(lines))
	for i, l := range lines {
		stored[i] = storedLine{micros(l.At), l.Level, l.Text}
	}
	return encode(stored)
}

func decodeLines(s string) ([]core.LogLine, error) {
	if s == "" {
		return nil, nil
	}
	var stored []storedLine
	err := json.Unmarshal([]byte(s), &stored)
	lines := make([]core.LogLine, len(stored))
	for i, l := range stored {
		lines[i] = core.LogLine{At: instant(l.At), Level: l.Level, Text: l.Text}
	}
	return lines, err
}

// storable is a text that came from outside as every database takes it: valid UTF-8, and without the character NUL, which
// PostgreSQL has no place for. A target's words in an answer must never keep the answer from being recorded.
func storable(s string) string {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}
