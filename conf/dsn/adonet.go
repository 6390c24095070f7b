package dsn

import (
	"fmt"
	"strings"
	"unicode"
)

// pair is a key and its value. shown is the key as an error may name it.
type pair struct{ name, shown, value string }

// splitPairs reads key=value;key=value after the rules of .NET's DbConnectionStringBuilder: blanks around keys and values do
// not count; == in a key stands for =; a value in " or ' may hold anything, its own quote doubled; a value without quotes
// neither begins nor ends with one and holds no ; and no control character.
func splitPairs(text string) ([]pair, error) {
	var pairs []pair
	last := ""
	for {
		text = strings.TrimLeftFunc(text, func(r rune) bool { return r == ';' || isBlank(r) })
		if text == "" {
			return pairs, nil
		}
		name, rest, ok := cutKey(text)
		if !ok {
			if last == "" {
				return nil, fmt.Errorf("must begin with a key and =")
			}
			return nil, fmt.Errorf("has something without = after the value of %s; a value that holds ; or begins with = stands in quotes", last)
		}
		shown := showKey(name, len(pairs)+1)
		value, rest, err := cutValue(rest)
		if err != nil {
			return nil, fmt.Errorf("%s %w", shown, err)
		}
		pairs = append(pairs, pair{name, shown, value})
		text, last = rest, shown
	}
}

// cutKey reads a key and the = after it.
func cutKey(text string) (name, rest string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == ';' || c < ' ' && !isBlank(rune(c)):
			return "", "", false
		case c == '=' && i+1 < len(text) && text[i+1] == '=':
			b.WriteByte('=')
			i++
		case c == '=':
			name = strings.TrimSpace(b.String())
			return name, text[i+1:], name != ""
		default:
			b.WriteByte(c)
		}
	}
	return "", "", false
}

// cutValue reads a value and the ; after it.
func cutValue(text string) (value, rest string, err error) {
	text = strings.TrimLeftFunc(text, isBlank)
	if text == "" || text[0] != '"' && text[0] != '\'' {
		value, rest, _ = strings.Cut(text, ";")
		value = strings.TrimRightFunc(value, isBlank)
		if strings.ContainsFunc(value, unicode.IsControl) {
			return "", "", fmt.Errorf("holds a control character; such a value stands in quotes")
		}
		if strings.HasSuffix(value, `"`) || strings.HasSuffix(value, "'") {
			return "", "", fmt.Errorf("ends with a quote it does not begin with; put the whole value in quotes, and double those inside")
		}
		return value, rest, nil
	}
	quote := text[:1]
	var b strings.Builder
	for text = text[1:]; ; {
		part, after, closed := strings.Cut(text, quote)
		if !closed {
			return "", "", fmt.Errorf("begins with a quote that is never closed")
		}
		b.WriteString(part)
		if text, closed = strings.CutPrefix(after, quote); closed {
			b.WriteString(quote)
			continue
		}
		break
	}
	text = strings.TrimLeftFunc(text, isBlank)
	if rest, found := strings.CutPrefix(text, ";"); found || text == "" {
		return b.String(), rest, nil
	}
	return "", "", fmt.Errorf("has something after its closing quote; a quote inside is doubled")
}

// showKey gives a key as an error may name it. What does not look like a key may be a part of a password.
func showKey(name string, place int) string {
	tame := len(name) <= 40 && !strings.ContainsFunc(name, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == ' ' || r == '_' || r == '-')
	})
	if tame {
		return name
	}
	return fmt.Sprintf("key number %d (it does not look like one, so it is not shown)", place)
}

// fold brings the spellings of a key together: Max Pool Size, MaxPoolSize and max_pool_size are one.
func fold(name string) string {
	return strings.ToLower(strings.NewReplacer(" ", "", "_", "", "-", "").Replace(name))
}

func isBlank(r rune) bool { return r == ' ' || '\t' <= r && r <= '\r' }
