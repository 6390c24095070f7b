package callback

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// The limits of texts that a target has a say in, in bytes. They end up in rows that people read.
const (
	maxReason      = 500
	maxRequestText = 4 << 10
	maxQuoted      = 100
)

// failure is an error whose text may be shown as it is.
type failure struct {
	reason    string
	permanent bool // another attempt would fail alike
	byStatus  bool // the status says all of it
}

func (f *failure) Error() string { return f.reason }

// permanent is the failure of something that must be changed before another attempt makes sense.
func permanent(reason string) *failure { return &failure{reason: reason, permanent: true} }

// asFailure reads what the transport reports. Targets come and go, so all of it may be tried again, except what one of
// our own checks refused.
func asFailure(err error) *failure {
	var f *failure
	switch {
	case errors.As(err, &f):
		return f
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &failure{reason: "the target closed the connection before the answer was complete"}
	case errors.Is(err, io.EOF):
		return &failure{reason: "the target closed the connection without an answer"}
	}
	return &failure{reason: err.Error()}
}

func isConnectTimeout(err error) bool { return errors.Is(err, errConnectTimeout) }

// causeText says why a context was cancelled.
func causeText(ctx context.Context) string {
	cause := context.Cause(ctx)
	if errors.Is(cause, context.Canceled) {
		return "cancelled"
	}
	return cause.Error()
}

// redact takes the callback's secrets out of a text.
func (a *attempt) redact(text string) string {
	secrets := []string{a.call.Callback.Secret}
	if a.request != nil && a.request.url.User != nil {
		password, _ := a.request.url.User.Password()
		secrets = append(secrets, password)
	}
	for _, s := range secrets {
		if len(s) >= 4 { // anything shorter keeps no secret and would garble the text
			text = strings.ReplaceAll(text, s, "xxxxx")
		}
	}
	return text
}

// clean makes a text fit to be stored and read: UTF-8 without control characters, at most limit bytes.
func clean(s string, limit int) string {
	ok := len(s) <= limit && utf8.ValidString(s) && headerSafe(s)
	if ok {
		return s
	}
	return shorten(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD")), limit)
}

// shorten cuts a UTF-8 text to limit bytes, between two characters, and shows that it did.
func shorten(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	const mark = "…"
	cut := limit - len(mark)
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + mark
}

func quoted(s string) string { return strconv.Quote(shorten(s, maxQuoted)) }

// statusText is a status code with its name. The target's own phrase is not used: it can be anything.
func statusText(status int) string {
	if status == http.StatusOK {
		return "200 OK"
	}
	code := strconv.Itoa(status)
	if name := http.StatusText(status); name != "" {
		return code + " " + name
	}
	return code
}

// roundDuration keeps two or three digits of a duration.
func roundDuration(d time.Duration) time.Duration {
	switch {
	case d < time.Millisecond:
		return d.Round(time.Microsecond)
	case d < time.Second:
		return d.Round(100 * time.Microsecond)
	default:
		return d.Round(10 * time.Millisecond)
	}
}
