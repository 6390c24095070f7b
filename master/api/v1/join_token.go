package v1

import (
	"net/http"
	"time"

	"github.com/carillonhq/carillon/master/join"
)

// Rotation is the body of a rotation of the join token; it may be left out.
type Rotation struct {
	Grace *Duration `json:"grace,omitempty"`
}

// JoinTokenRotated is the token that workers join with from now on.
type JoinTokenRotated struct {
	Token       string  `json:"token"`
	FormerUntil Instant `json:"formerUntil"`
}

func (a *api) rotateJoinToken(r *request) error {
	data, err := body(r)
	if err != nil {
		return err
	}
	given := new(Rotation)
	if len(data) > 0 {
		if given, err = decode[Rotation](data); err != nil {
			return err
		}
	}
	grace, err := given.grace()
	if err != nil {
		return err
	}
	token, until, err := a.JoinToken.Rotate(r.Request.Context(), r.user, grace)
	if err != nil {
		return err
	}
	return reply(r, http.StatusOK, JoinTokenRotated{Token: token, FormerUntil: instantOf(until)})
}

func (r *Rotation) grace() (time.Duration, error) {
	if r.Grace == nil {
		return join.DefaultGrace, nil
	}
	var v values
	grace := v.duration("grace", *r.Grace)
	if *r.Grace == "" {
		v.fail(malformed("grace", `must be a duration such as "24h", or be left out`))
	}
	return grace, v.err
}
