package v1

import (
	"strings"

	"github.com/carillonhq/carillon/core"
)

// Callbacks carry credentials of their targets: in headers, of which nobody can say by the name which are secret, and in
// URLs. Those who may not write callbacks see names and not values: Kept stands in their place, and never gets back into
// the store, for a PUT that gives it keeps what is there.

// mask hides the credentials in a callback as an answer shows it.
func (c *Callback) mask() {
	c.URL = core.MaskUserInfo(c.URL)
	for i := range c.Headers {
		c.Headers[i].Value = hidden(c.Headers[i].Value)
	}
}

func showTask(u *core.User, t *core.Task) *Task {
	out := taskOf(t)
	if out.Callback != nil && !u.SeesCredentials() {
		out.Callback.mask()
	}
	return out
}

func showDelayed(u *core.User, d *core.DelayedTask) DelayedTask {
	out := delayedOf(d)
	if !u.SeesCredentials() {
		out.Callback.mask()
	}
	return out
}

// showRun shows a run. Its request, a method and a URL, has no headers.
func showRun(u *core.User, r *core.Run) Run {
	out := runOf(r)
	if !u.SeesCredentials() {
		out.Request = core.MaskUserInfo(out.Request)
	}
	return out
}

// url reads a URL; earlier is the one that is stored, whose name and password Kept stands for.
func (v *values) url(given, earlier string) string {
	before, info, after := core.CutUserInfo(given)
	if info != Kept {
		return given
	}
	_, stored, _ := core.CutUserInfo(earlier)
	return before + v.secret("callback.url", info, stored) + after
}

// headers reads headers. Kept stands for the stored value of the header with the same name, of several for the one in the
// same place among them.
func (v *values) headers(given []Header, earlier []core.Header) []core.Header {
	stored := map[string][]string{}
	for _, h := range earlier {
		name := strings.ToLower(h.Name)
		stored[name] = append(stored[name], h.Value)
	}
	var out []core.Header
	for _, h := range given {
		name, kept := strings.ToLower(h.Name), ""
		if of := stored[name]; len(of) > 0 {
			kept, stored[name] = of[0], of[1:]
		}
		out = append(out, core.Header{Name: h.Name, Value: v.secret("callback.headers", h.Value, kept), Remark: h.Remark})
	}
	return out
}
