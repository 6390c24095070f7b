package ui

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/web/messages"
)

// fact is something that a task says of itself.
type fact struct {
	Label  string
	Values []string
	// Code shows the values as they are written; Long folds them away.
	Code, Long bool
}

// facts collects what a task says. What it does not say is left out.
type facts []fact

func (f *facts) add(label string, values ...string) { f.put(fact{Label: label, Values: values}) }

func (f *facts) put(one fact) {
	one.Values = slices.DeleteFunc(one.Values, func(v string) bool { return v == "" })
	if len(one.Values) > 0 {
		*f = append(*f, one)
	}
}

// taskFacts tells a definition. Credentials are shown to those who may write them.
func (u *UI) taskFacts(r *request, t *core.Task) ([]fact, error) {
	var f facts
	f.add(r.text("Remark"), t.Remark)
	if t.Callback != nil {
		r.callbackFacts(&f, t.Callback)
	}
	if p := t.Plugin; p != nil {
		version := p.Version
		if version == "" {
			version = r.text("the latest version")
		}
		f.add(r.text("Plugin"), p.Package+" · "+p.Task, version)
		f.add(r.text("Time limit"), length(p.Timeout))
	}
	f.put(fact{Label: r.text("Parameters"), Values: paramTexts(t.Params), Code: true})
	f.add(r.text("Starts"), r.moment(t.Schedule.Start))
	f.add(r.text("Ends"), r.moment(t.Schedule.End))
	f.add(r.text("Only on"), t.Executors...)
	f.add(r.text("Routing"), r.routing(t.Routing)...)
	f.add(r.text("Retries"), r.retries(t.Retry))
	f.add(r.text("If the run before is unfinished"), r.overlap(t))
	f.add(r.text("If an instant has passed"), r.misfire(t))
	if t.AtMostOnce {
		f.add(r.text("At most once"), r.text("a run lost with its worker is not done again"))
	}
	names, err := u.keeperNames(r, t.Keepers)
	if err != nil {
		return nil, err
	}
	f.add(r.text("Keepers"), names...)
	f.add(r.text("Created"), strings.TrimSpace(r.moment(t.CreatedAt)+" "+t.CreatedByName))
	f.add(r.text("Version"), strconv.FormatInt(t.Version, 10))
	f.put(fact{Label: r.text("Id"), Values: []string{t.ID}, Code: true})
	return f, nil
}

func (r *request) callbackFacts(f *facts, c *core.Callback) {
	url, sees := c.URL, r.may(core.RoleDeveloper)
	if !sees {
		url = core.MaskUserInfo(url)
	}
	f.put(fact{Label: r.text("Calls"), Values: []string{c.Method + " " + url}, Code: true})
	var headers []string
	for _, h := range c.Headers {
		value := h.Value
		if !sees && value != "" {
			value = core.Masked
		}
		headers = append(headers, h.Name+": "+value)
	}
	f.put(fact{Label: r.text("Headers"), Values: headers, Code: true})
	f.add(r.text("Content type"), c.ContentType)
	f.put(fact{Label: r.text("Body"), Values: []string{c.Body}, Code: true, Long: len(c.Body) > 200})
	f.put(fact{Label: r.text("Form"), Values: paramTexts(c.Form), Code: true})
	f.add(r.text("Time limit"), length(c.Timeout))
	s := c.Success
	var rules []string
	if s.Statuses != "" {
		rules = append(rules, r.text("status %s", s.Statuses))
	}
	if s.Contains != "" {
		rules = append(rules, r.text("the body contains %s", s.Contains))
	}
	if s.Regex != "" {
		rules = append(rules, r.text("the body matches %s", s.Regex))
	}
	if s.JSONPath != "" {
		rules = append(rules, r.text("in the body, %s is %s", s.JSONPath, orID(s.JSONEquals, "✓")))
	}
	f.add(r.text("Succeeds if"), rules...)
	if c.Secret != "" {
		f.add(r.text("Signed"), core.Masked)
	}
}

func paramTexts(params []core.Param) (texts []string) {
	for _, p := range params {
		texts = append(texts, p.Key+" = "+p.Value)
	}
	return texts
}

func length(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return messages.Length(d)
}

func (r *request) moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(r.zone).Format(time.DateTime)
}

func (u *UI) keeperNames(r *request, ids []int64) (names []string, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	users, err := u.Manage.Tasks.Keepers(r.Request.Context())
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		name := fmt.Sprint("#", id)
		if i := slices.IndexFunc(users, func(k *core.User) bool { return k.ID == id }); i >= 0 {
			name = users[i].Name
		}
		names = append(names, name)
	}
	return names, nil
}

// wholeNumber reads a field that holds a whole number above 0.
func wholeNumber(f *form, name string) (int64, error) {
	n, err := strconv.ParseInt(f.Value(name), 10, 64)
	if err != nil || n < 1 {
		return 0, core.Malformed(name, "must be a whole number above 0")
	}
	return n, nil
}
