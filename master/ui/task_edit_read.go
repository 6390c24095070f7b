package ui

import (
	"strconv"
	"strings"
	"time"

	"github.com/carillonhq/carillon/core"
)

// taskReader reads what a form says of a task. The first value that cannot be read stays as its error.
type taskReader struct {
	*form
	// earlier is the task that the form was filled from, whose secrets are kept; nil when there is none.
	earlier *core.Task
	server  *time.Location
	err     error
}

// readTask reads a task out of a form. What no form shows stays as earlier has it.
func readTask(f *form, earlier *core.Task, server *time.Location) (*core.Task, error) {
	r := &taskReader{form: f, earlier: earlier, server: server}
	if earlier == nil {
		r.earlier = new(core.Task)
	}
	t := &core.Task{
		Kind: core.TaskKind(f.Value("kind")), Title: f.Value("title"), Remark: r.long("remark", r.earlier.Remark),
		Definition: core.Definition{
			Schedule: r.schedule(), Params: r.rows("params"), Children: f.All("children"), Executors: f.All("executors"),
			Routing: core.Routing{
				Strategy: orDefault(core.Strategy(f.Value("routing.strategy")), r.earlier.Routing.Strategy, core.RouteLeastLoaded), Label: strings.TrimSpace(f.Value("routing.label")), Strict: r.flag("routing.strict"),
			},
			Retry: core.RetryPolicy{
				Count: r.count("retry.count"), Backoff: orDefault(core.Backoff(f.Value("retry.backoff")), r.earlier.Retry.Backoff, core.BackoffFixed), Jitter: r.number("retry.jitter"),
				Delay: r.duration("retry.delay"), MaxDelay: r.duration("retry.maxDelay"),
			},
			Overlap: orDefault(core.Overlap(f.Value("overlap")), r.earlier.Overlap, core.OverlapForbid),
			Misfire: orDefault(core.Misfire(f.Value("misfire")), r.earlier.Misfire, core.MisfireSkip), MisfireAfter: r.duration("misfireAfter"),
			AtMostOnce: r.flag("atMostOnce"), Origin: r.earlier.Origin,
		},
	}
	// What goes with another choice only is not shown beside this one, and is not meant.
	if t.Overlap == core.OverlapQueue {
		t.OverlapWaiting = r.count("overlapWaiting")
	}
	if t.Misfire == core.MisfireCatchUp {
		t.MisfireCatchUp = r.count("misfireCatchUp")
	}
	for _, id := range f.All("keepers") {
		n, err := strconv.ParseInt(id, 10, 64)
		if err != nil {
			r.fail(core.Malformed("keepers", "%q is not the id of a user", id))
		}
		t.Keepers = append(t.Keepers, n)
	}
	switch t.Kind {
	case core.KindHTTP:
		t.Callback = r.callback()
	case core.KindPlugin:
		t.Plugin = &core.PluginCall{
			Package: r.word("plugin.package"), Task: r.word("plugin.task"), Version: r.word("plugin.version"),
			Timeout: r.duration("plugin.timeout"), Isolated: r.flag("plugin.isolated"),
		}
	}
	return t, r.err
}

// orDefault reads a choice, of which an empty one is the default. Whether a stored task names the default or leaves it out
// makes no difference, and stays as it is.
func orDefault[T ~string](given, stored, usual T) T {
	if given == "" && stored == usual {
		return stored
	}
	return given
}

func (r *taskReader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

func (r *taskReader) schedule() core.Schedule {
	s := core.Schedule{Kind: core.ScheduleKind(r.Value("schedule.kind")), Zone: r.word("schedule.zone")}
	switch s.Kind {
	case core.ScheduleCron:
		s.Cron = r.word("schedule.cron")
	case core.ScheduleInterval:
		s.Interval = r.duration("schedule.interval")
	}
	zone := zoneOr(s.Zone, r.server) // a zone that nobody knows is refused by the service
	s.Start = r.instant("schedule.start", zone, r.earlier.Schedule.Start)
	s.End = r.instant("schedule.end", zone, r.earlier.Schedule.End)
	return s
}

func (r *taskReader) callback() *core.Callback {
	var before core.Callback
	if r.earlier.Callback != nil {
		before = *r.earlier.Callback
	}
	c := &core.Callback{
		Method: r.Value("callback.method"), URL: r.word("callback.url"), ContentType: r.word("callback.contentType"),
		Body: r.long("callback.body", before.Body), Form: r.rows("callback.form"),
		ConnectTimeout: r.duration("callback.connectTimeout"), Timeout: r.duration("callback.timeout"),
		Success: core.SuccessRule{
			Statuses: r.word("callback.success.statuses"), Contains: r.long("callback.success.contains", before.Success.Contains), Regex: r.Value("callback.success.regex"),
			JSONPath: r.word("callback.success.jsonPath"), JSONEquals: r.Value("callback.success.jsonEquals"),
		},
		TLS: core.TLS{
			InsecureSkipVerify: r.flag("callback.tls.insecureSkipVerify"), ServerName: r.word("callback.tls.serverName"),
			CA: r.long("callback.tls.ca", before.TLS.CA), Cert: r.long("callback.tls.cert", before.TLS.Cert),
			Key: r.secret("callback.tls.key", r.long("callback.tls.key", ""), before.TLS.Key),
		},
		Secret: r.secret("callback.secret", r.Value("callback.secret"), before.Secret),
	}
	values, remarks := r.All("callback.headers.value"), r.All("callback.headers.remark")
	for i, name := range r.All("callback.headers.name") {
		h := core.Header{Name: strings.TrimSpace(name), Value: nth(values, i), Remark: nth(remarks, i)}
		if h != (core.Header{}) {
			c.Headers = append(c.Headers, h)
		}
	}
	if r.word("callback.redirects") != "" {
		// In core 0 is the default, and a negative number follows none.
		if c.Redirects = r.count("callback.redirects"); c.Redirects == 0 {
			c.Redirects = -1
		}
	}
	return c
}

// rows reads rows of names and values. A row in which nothing stands is none.
func (r *taskReader) rows(name string) []core.Param {
	var list []core.Param
	values, remarks, kinds := r.All(name+".value"), r.All(name+".remark"), r.All(name+".row")
	for i, key := range r.All(name + ".key") {
		p := core.Param{Key: key, Value: plainBreaks(nth(values, i)), Remark: nth(remarks, i)}
		if p == (core.Param{}) || nth(kinds, i) == rowOffered && p.Value == "" {
			continue
		}
		list = append(list, p)
	}
	return list
}

// long is a text of several lines. Browsers end a line by \r\n whatever was there before, so a text that differs from the
// stored one in nothing else is that.
func (r *taskReader) long(name, stored string) string {
	given := plainBreaks(r.Value(name))
	if given == plainBreaks(stored) {
		return stored
	}
	return given
}

func plainBreaks(text string) string { return strings.ReplaceAll(text, "\r\n", "\n") }

// word is a text at whose ends blanks say nothing.
func (r *taskReader) word(name string) string { return strings.TrimSpace(r.Value(name)) }

func (r *taskReader) flag(name string) bool { return r.Value(name) == "true" }

// count reads a whole number; nothing is 0.
func (r *taskReader) count(name string) int {
	text := r.word(name)
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		r.fail(core.Malformed(name, "%q is not a whole number", text))
	}
	return n
}

func (r *taskReader) number(name string) float64 {
	text := r.word(name)
	if text == "" {
		return 0
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		r.fail(core.Malformed(name, "%q is not a number", text))
	}
	return n
}

func (r *taskReader) duration(name string) time.Duration {
	text := strings.ReplaceAll(r.word(name), " ", "")
	if text == "" {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		r.fail(core.Malformed(name, "%q is not a length of time such as 10s, 1m30s or 250ms", text))
	}
	return d
}

// secret reads a secret; stored is the one that core.Masked stands for.
func (r *taskReader) secret(name, given, stored string) string {
	if given != core.Masked {
		return given
	}
	if stored == "" {
		r.fail(core.Broken(name, "%s stands for a secret that is kept, and there is none", core.Masked))
	}
	return stored
}

// instant reads a date and a time of day by the clock of a zone. stored is the instant that the field was filled with: a
// field tells whole seconds, and of a time that the clock shows twice not which of the two, so a text left alone means it.
func (r *taskReader) instant(name string, zone *time.Location, stored time.Time) time.Time {
	text := r.word(name)
	if text == "" {
		return time.Time{}
	}
	for _, form := range []string{localTime, "2006-01-02T15:04", time.DateTime, "2006-01-02 15:04"} { // browsers leave out seconds of 00
		at, err := time.ParseInLocation(form, text, zone)
		if err != nil {
			continue
		}
		if shown := at.Format(localTime); !stored.IsZero() && shown == localText(stored, zone) {
			return stored
		}
		if at.Format(form) != text {
			r.fail(core.Broken(name, "%s is left out there: the clock is put forward over it", text))
		}
		return at.UTC()
	}
	r.fail(core.Malformed(name, "%q is not a date with a time of day, such as 2026-01-02 15:04:05", text))
	return time.Time{}
}

// nth gives an element of a list; nothing when the list is shorter.
func nth(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return ""
}
