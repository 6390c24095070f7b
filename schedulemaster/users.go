package schedulemaster

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/auth"
)

// defaultMD5 is the MD5 of 111111, the password that ScheduleMaster gives out and everybody knows.
const defaultMD5 = "96e79218965eb72c92a549dd5a330112"

var md5Hex = regexp.MustCompile(`^[0-9a-f]{32}$`)

// bringUsers brings users with their API secrets, and notes what their ids are here.
func (im *importer) bringUsers(ctx context.Context) error {
	theirs, err := im.source.users(ctx)
	if err != nil {
		return err
	}
	ours, err := im.Store.Users(ctx)
	if err != nil {
		return err
	}
	byName, byID := map[string]*core.User{}, map[int64]*core.User{}
	for _, u := range ours {
		byName[u.Name], byID[u.ID] = u, u
		im.names[u.Name] = u.ID
	}
	for _, u := range theirs {
		u.password = strings.ToLower(strings.TrimSpace(u.password))
		line := Line{Verdict: Left, Noun: User, Name: u.name}
		var apply func() error
		switch current := byName[u.name]; {
		case u.status == userDeleted:
			line.Notes = []string{"was deleted there"}
		case !md5Hex.MatchString(u.password):
			line.Notes = []string{"has a password there that is no MD5 in hexadecimal digits"}
		case current != nil:
			im.userIDs[u.id] = current.ID
			if apply, err = im.compareUser(ctx, &line, u, current); err != nil {
				return err
			}
		default:
			apply = im.newUser(ctx, &line, u, byID[u.id])
		}
		if err := im.do(line, apply); err != nil {
			return err
		}
	}
	return nil
}

// newUser brings a user whose name is free. taken is who has the id here.
func (im *importer) newUser(ctx context.Context, line *Line, u user, taken *core.User) func() error {
	line.Verdict = Brought
	role := im.Role
	if u.name == auth.AdminName {
		role = core.RoleAdmin
	}
	adopted := &core.User{ID: u.id, Name: u.name, Role: role, Email: u.email, Disabled: u.status == userDisabled, CreatedAt: u.created}
	secret := core.APISecretOf(u.name, u.password)
	line.Notes = []string{"with the API secret it has there; signs in with its old password, which is to be changed"}
	if u.password == defaultMD5 {
		secret = ""
		line.Notes = []string{fmt.Sprintf("without an API secret and a password, because it has the password there that ScheduleMaster gives out: set one by `carillon user passwd %s`", u.name)}
	}
	if adopted.Disabled {
		line.Notes = append(line.Notes, "disabled, as there")
	}
	im.userIDs[u.id] = u.id
	if taken != nil {
		im.userIDs[u.id] = -u.id // which nobody has, until the new one is known
		line.Notes = append(line.Notes, fmt.Sprintf("under an id of its own, because %d is %s's here: who is sent the keeper %d means %s", u.id, taken.Name, u.id, taken.Name))
	}
	if err := auth.CheckUser(adopted); err != nil {
		line.Verdict, line.Notes = Left, []string{err.Error()}
		delete(im.userIDs, u.id)
		return nil
	}
	return func() error {
		if err := im.auth.Adopt(ctx, adopted, secret); err != nil {
			delete(im.userIDs, u.id)
			return err
		}
		im.userIDs[u.id], im.names[u.name] = adopted.ID, adopted.ID
		return nil
	}
}

// compareUser decides about a user whose name is taken: by the user as it was brought, or by another one.
func (im *importer) compareUser(ctx context.Context, line *Line, u user, current *core.User) (func() error, error) {
	secret := core.APISecretOf(u.name, u.password)
	same, err := im.auth.HasSecret(ctx, current, secret)
	if err != nil {
		return nil, err
	}
	if u.password == defaultMD5 && current.SecretHash == "" {
		secret, same = "", true
	}
	disabled := u.status == userDisabled
	switch {
	case same && (current.PasswordHash != "" || current.Email == u.email && current.Disabled == disabled):
		line.Verdict = AsItWas
		return nil, nil
	case current.PasswordHash != "":
		line.Notes = []string{fmt.Sprintf("has a password of its own here: clients that send the secret it has there go on after `carillon user passwd %s` with the old password", u.name)}
		return nil, nil
	case u.password == defaultMD5:
		line.Notes = []string{"has been given the password there that ScheduleMaster gives out"}
		return nil, nil
	}
	changed := *current
	changed.Email, changed.Disabled = u.email, disabled
	if err := auth.CheckUser(&changed); err != nil {
		line.Notes = []string{err.Error()}
		return nil, nil
	}
	line.Verdict = Changed
	for _, c := range []struct {
		differs bool
		note    string
	}{
		{!same, "the API secret"}, {current.Email != u.email, "the email"}, {current.Disabled && !disabled, "enabled"}, {!current.Disabled && disabled, "disabled"},
	} {
		if c.differs {
			line.Notes = append(line.Notes, c.note)
		}
	}
	return func() error { return im.auth.Readopt(ctx, &changed, secret) }, nil
}
