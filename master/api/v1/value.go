package v1

import (
	"time"

	"github.com/carillonhq/carillon/core"
)

// Duration is a length of time in Go's form, such as "10s", "1m30s" or "250ms". Empty stands for none.
type Duration string

// Instant is an instant after RFC 3339, such as "2026-01-02T15:04:05Z". Answers are in UTC, to the microsecond. Empty
// stands for none.
type Instant string

// Kept is what a secret shows as when there is one and it is not to be seen, and what keeps it when it is given back.
const Kept = core.Masked

func durationOf(d time.Duration) Duration {
	if d == 0 {
		return ""
	}
	return Duration(d.String())
}

func instantOf(t time.Time) Instant {
	if t.IsZero() {
		return ""
	}
	return Instant(t.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano))
}

func hidden(secret string) string {
	if secret == "" {
		return ""
	}
	return Kept
}

// values reads values of the API into those of core. The first that cannot be read stays as its error; the rest is then
// without meaning.
type values struct{ err error }

func (v *values) fail(err error) {
	if v.err == nil {
		v.err = err
	}
}

func (v *values) duration(field string, d Duration) time.Duration {
	if d == "" {
		return 0
	}
	length, err := time.ParseDuration(string(d))
	if err != nil {
		v.fail(malformed(field, `%q is not a duration such as "10s", "1m30s" or "250ms"`, string(d)))
	}
	return length
}

func (v *values) instant(field string, i Instant) time.Time {
	if i == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, string(i))
	if err != nil {
		v.fail(malformed(field, `%q is not an instant after RFC 3339, such as "2026-01-02T15:04:05Z"`, string(i)))
	}
	return t.UTC().Truncate(time.Microsecond)
}

// secret reads a secret; earlier is the one that is stored.
func (v *values) secret(field, given, earlier string) string {
	if given != Kept {
		return given
	}
	if earlier == "" {
		v.fail(broken(field, "%s stands for a secret that is kept, and there is none", Kept))
	}
	return earlier
}

// This API speaks English only, so its own errors are made here and not by core, whose messages are translated.

func malformed(field, format string, args ...any) *core.Error {
	return &core.Error{Code: core.CodeMalformed, Field: field, Format: format, Args: args}
}

func broken(field, format string, args ...any) *core.Error {
	return &core.Error{Code: core.CodeRule, Field: field, Format: format, Args: args}
}
