package join

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"log/slog"
	"time"

	"github.com/carillonhq/carillon/core"
)

// DefaultGrace is how long a token is accepted after it was rotated away, and MaxGrace how long it may be.
const (
	DefaultGrace = 24 * time.Hour
	MaxGrace     = 30 * 24 * time.Hour
)

// What the store knows the tokens by.
const (
	currentName = "join-token"
	formerName  = "join-token-former"
)

// Store is what keeping the tokens needs of the store.
type Store interface {
	Secret(ctx context.Context, name, value string) (string, error)
	Secrets(ctx context.Context, names ...string) (map[string]string, error)
	ReplaceSecret(ctx context.Context, name, old, value, beside, besideValue string) (replaced bool, err error)
	Now() time.Time
}

// Tokens are the tokens of a cluster.
type Tokens struct {
	store Store
	log   *slog.Logger
}

// New makes Tokens over a store.
func New(store Store, log *slog.Logger) *Tokens { return &Tokens{store: store, log: log} }

// Current gives the token in force, made and stored when there is none.
func (t *Tokens) Current(ctx context.Context) (string, error) {
	current, _, err := t.read(ctx)
	if err != nil || current != "" {
		return current, err
	}
	return t.store.Secret(ctx, currentName, rand.Text())
}

// Admission says whether, and as what, a token is accepted.
type Admission struct {
	Admitted bool
	// FormerUntil is until when a token that was rotated away is accepted; zero for the one in force.
	FormerUntil time.Time
}

// Admit looks a token up.
func (t *Tokens) Admit(ctx context.Context, token string) (Admission, error) {
	current, former, err := t.read(ctx)
	if err != nil {
		return Admission{}, err
	}
	// Hashes are compared, so that how long it takes tells nothing of a token, not even its length.
	given, now := hash(token), t.store.Now()
	a := Admission{Admitted: current != "" && subtle.ConstantTimeCompare([]byte(given), []byte(hash(current))) == 1}
	for _, f := range former {
		if subtle.ConstantTimeCompare([]byte(given), []byte(f.Hash)) == 1 && !a.Admitted && now.UnixMicro() < f.Until {
			a = Admission{Admitted: true, FormerUntil: time.UnixMicro(f.Until).UTC()}
		}
	}
	return a, nil
}

// Rotate puts a new token in force and gives it, with the instant until which the one before is accepted.
func (t *Tokens) Rotate(ctx context.Context, actor *core.User, grace time.Duration) (token string, formerUntil time.Time, err error) {
	if grace < 0 || grace > MaxGrace {
		return "", time.Time{}, core.Broken("grace", "must be from 0s to %s", MaxGrace)
	}
	if _, err := t.Current(ctx); err != nil { // there is one to rotate away
		return "", time.Time{}, err
	}
	token = rand.Text()
	formerUntil, err = t.change(ctx, func(string, formers) (string, bool) { return token, true }, grace)
	if err != nil {
		return "", time.Time{}, err
	}
	t.log.InfoContext(ctx, "join token rotated", "by", actor.Name, "former_accepted_until", formerUntil)
	return token, formerUntil, nil
}

// Offer puts a token in force that a master was given, unless it is so already or was rotated away before.
func (t *Tokens) Offer(ctx context.Context, token string) error {
	if _, err := t.store.Secret(ctx, currentName, token); err != nil {
		return err
	}
	rotatedAway := false
	formerUntil, err := t.change(ctx, func(current string, former formers) (string, bool) {
		rotatedAway = current != token && former.have(token)
		return token, current != token && !rotatedAway
	}, DefaultGrace)
	switch {
	case err != nil:
		return err
	case rotatedAway:
		t.log.WarnContext(ctx, "the join token that this master was given was rotated away and is not in force: "+
			"set CARILLON_JOIN_TOKEN to what `carillon join-token` prints, or leave it out")
	case !formerUntil.IsZero():
		t.log.InfoContext(ctx, "the join token is now the one that this master was given", "former_accepted_until", formerUntil)
	}
	return nil
}

// maxTries is how often a change is tried that others get in the way of.
const maxTries = 10

// change puts the token in force that choose gives, when it wants to. It gives until when the one before is accepted, zero
// when nothing was changed.
func (t *Tokens) change(ctx context.Context, choose func(current string, former formers) (string, bool), grace time.Duration) (time.Time, error) {
	for range maxTries {
		current, former, err := t.read(ctx)
		if err != nil {
			return time.Time{}, err
		}
		token, wanted := choose(current, former)
		if !wanted {
			return time.Time{}, nil
		}
		until := t.store.Now().Add(grace).UTC().Truncate(time.Microsecond)
		list, err := former.with(current, until)
		if err != nil {
			return time.Time{}, err
		}
		// Whoever replaces the current token replaces the list of former ones too, so that one of two rotations at
		// once cannot lose what the other rotated away.
		if done, err := t.store.ReplaceSecret(ctx, currentName, current, token, formerName, list); err != nil || done {
			return until, err
		}
	}
	return time.Time{}, core.Conflict("the join token was changed by others again and again: try once more")
}

func (t *Tokens) read(ctx context.Context) (current string, former formers, err error) {
	values, err := t.store.Secrets(ctx, currentName, formerName)
	if err != nil {
		return "", nil, err
	}
	former, err = readFormers(values[formerName])
	return values[currentName], former, err
}
