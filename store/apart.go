package store

import (
	"context"
	"errors"
	"strings"
)

// apart writes rows together. When the database refuses them they are halved until the one that it refuses stands alone,
// and that one is given to aside with the refusal: so one bad row stops no other. A database that is away is no refusal,
// and ends it; rows before it are written then.
func apart[T any](ctx context.Context, s *Store, rows []T, write func([]T) error, aside func(T, error) error) error {
	err := write(rows)
	switch {
	case len(rows) == 0 || !s.refuses(ctx, err):
		return err
	case len(rows) == 1:
		return aside(rows[0], err)
	}
	half := len(rows) / 2
	if err := apart(ctx, s, rows[:half], write, aside); err != nil {
		return err
	}
	return apart(ctx, s, rows[half:], write, aside)
}

// refuses says whether err is the refusal of what was written, by a database that answers.
func (s *Store) refuses(ctx context.Context, err error) bool {
	return Refused(err) && s.Ping(ctx) == nil
}

// maxRefusal is how much of a refusal becomes part of a reason, in bytes.
const maxRefusal = 300

// plain is what the database itself said in a refusal, as every database takes it: it may quote what was refused. Which
// statement it was is for the log.
func plain(refusal error) string {
	for inner := refusal; inner != nil; inner = errors.Unwrap(inner) {
		refusal = inner
	}
	text := strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' {
			return '?'
		}
		return c
	}, refusal.Error())
	return text[:min(len(text), maxRefusal)]
}
