package ui

import (
	"strconv"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/zonename"
)

// localTime is how browsers write a date with a time of day, without a zone.
const localTime = "2006-01-02T15:04:05"

// What stands in the hidden field of a row of parameters that says how it came to be there.
const (
	rowPlain    = ""         // somebody wrote its name
	rowOffered  = "offered"  // the plugin knows it; left empty it is not given
	rowAccepted = "accepted" // the same, of a task that gives it an empty text
)

// fillTask begins the form with what a task says. Secrets show as core.Masked, which stands for the stored one when it
// comes back. server is the zone of schedules that name none.
func fillTask(t *core.Task, server *time.Location) *form {
	f := newForm(
		"kind", string(t.Kind), "title", t.Title, "remark", t.Remark, "version", strconv.FormatInt(t.Version, 10),
		"routing.strategy", unless(t.Routing.Strategy, core.RouteLeastLoaded), "routing.label", t.Routing.Label, "routing.strict", flagText(t.Routing.Strict),
		"retry.count", strconv.Itoa(t.Retry.Count), "retry.backoff", unless(t.Retry.Backoff, core.BackoffFixed),
		"retry.delay", durationText(t.Retry.Delay), "retry.maxDelay", durationText(t.Retry.MaxDelay),
		"overlap", unless(t.Overlap, core.OverlapForbid), "overlapWaiting", countText(t.OverlapWaiting),
		"misfire", unless(t.Misfire, core.MisfireSkip), "misfireAfter", durationText(t.MisfireAfter), "misfireCatchUp", countText(t.MisfireCatchUp),
		"atMostOnce", flagText(t.AtMostOnce),
	)
	if t.Retry.Jitter != 0 {
		f.values.Set("retry.jitter", strconv.FormatFloat(t.Retry.Jitter, 'g', -1, 64))
	}
	f.fillSchedule(&t.Schedule, server)
	f.fillRows("params", t.Params)
	f.values["children"], f.values["executors"] = t.Children, t.Executors
	for _, id := range t.Keepers {
		f.values.Add("keepers", strconv.FormatInt(id, 10))
	}
	if t.Callback != nil {
		f.fillCallback(t.Callback)
	}
	if p := t.Plugin; p != nil {
		f.set("plugin.package", p.Package, "plugin.task", p.Task, "plugin.version", p.Version,
			"plugin.timeout", durationText(p.Timeout), "plugin.isolated", flagText(p.Isolated))
	}
	return f
}

// set replaces what stands in fields: name, value, name, value.
func (f *form) set(pairs ...string) {
	for i := 0; i+1 < len(pairs); i += 2 {
		f.values.Set(pairs[i], pairs[i+1])
	}
}

func (f *form) fillSchedule(s *core.Schedule, server *time.Location) {
	zone := zoneOr(s.Zone, server)
	f.set("schedule.kind", string(s.Kind), "schedule.cron", s.Cron, "schedule.interval", durationText(s.Interval), "schedule.zone", s.Zone,
		"schedule.start", localText(s.Start, zone), "schedule.end", localText(s.End, zone))
}

func (f *form) fillCallback(c *core.Callback) {
	redirects := ""
	if c.Redirects != 0 {
		redirects = strconv.Itoa(max(c.Redirects, 0))
	}
	f.set("callback.method", c.Method, "callback.url", c.URL, "callback.contentType", c.ContentType, "callback.body", c.Body,
		"callback.timeout", durationText(c.Timeout), "callback.connectTimeout", durationText(c.ConnectTimeout),
		"callback.redirects", redirects, "callback.secret", maskText(c.Secret),
		"callback.success.statuses", c.Success.Statuses, "callback.success.contains", c.Success.Contains, "callback.success.regex", c.Success.Regex,
		"callback.success.jsonPath", c.Success.JSONPath, "callback.success.jsonEquals", c.Success.JSONEquals,
		"callback.tls.insecureSkipVerify", flagText(c.TLS.InsecureSkipVerify), "callback.tls.serverName", c.TLS.ServerName,
		"callback.tls.ca", c.TLS.CA, "callback.tls.cert", c.TLS.Cert, "callback.tls.key", maskText(c.TLS.Key))
	for _, name := range []string{"name", "value", "remark"} {
		f.values.Del("callback.headers." + name)
	}
	for _, h := range c.Headers {
		f.values.Add("callback.headers.name", h.Name)
		f.values.Add("callback.headers.value", h.Value)
		f.values.Add("callback.headers.remark", h.Remark)
	}
	f.fillRows("callback.form", c.Form)
}

func (f *form) fillRows(name string, params []core.Param) {
	for _, part := range []string{".key", ".value", ".remark", ".row"} {
		f.values.Del(name + part)
	}
	for _, p := range params {
		row := rowPlain
		if p.Value == "" {
			row = rowAccepted
		}
		f.values.Add(name+".key", p.Key)
		f.values.Add(name+".value", p.Value)
		f.values.Add(name+".remark", p.Remark)
		f.values.Add(name+".row", row)
	}
}

// unless gives a choice, empty for the default.
func unless[T ~string](choice, usual T) string {
	if choice == usual {
		return ""
	}
	return string(choice)
}

func flagText(is bool) string {
	if is {
		return "true"
	}
	return ""
}

func countText(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func durationText(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return shortDuration(d)
}

// shortDuration writes a length of time as time.ParseDuration reads it, without the units of which there are none: "1h"
// and not "1h0m0s".
func shortDuration(d time.Duration) string {
	text := d.String()
	for _, unit := range []string{"m0s", "h0m"} {
		if len(text) > len(unit) && text[len(text)-len(unit):] == unit {
			text = text[:len(text)-2]
		}
	}
	return text
}

func maskText(secret string) string {
	if secret == "" {
		return ""
	}
	return core.Masked
}

// localText writes an instant as the clock of a zone shows it.
func localText(at time.Time, zone *time.Location) string {
	if at.IsZero() {
		return ""
	}
	return at.In(zone).Format(localTime)
}

// scheduleZone names the zone that a schedule is read in; one that names none is read in the server's, which is said.
func (r *request) scheduleZone(zone *time.Location, named string) string {
	if named != "" {
		return zone.String()
	}
	return r.text("%s, the server's", zonename.Of(zone, r.ui.Now()))
}

// zoneOr gives the zone of a name, else another one.
func zoneOr(name string, other *time.Location) *time.Location {
	if name != "" && name != "Local" {
		if zone, err := time.LoadLocation(name); err == nil {
			return zone
		}
	}
	return other
}
