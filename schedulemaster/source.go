package schedulemaster

import (
	"context"
	"database/sql"
	"net/url"
	"strconv"
	"time"
)

// source is a ScheduleMaster database.
type source struct {
	pool *sql.DB
	zone *time.Location // of its times, which have none
}

// The states of ScheduleMaster's users and tasks, and those of its delayed tasks that are still to come.
const (
	userDeleted  = -1
	userDisabled = 0

	taskDeleted = -1
	taskRunning = 1
	taskPaused  = 2
)

type user struct {
	id             int64
	name, password string // the password's MD5
	email          string
	status         int64
	created        time.Time
}

func (s *source) users(ctx context.Context) (users []user, err error) {
	err = each(ctx, s.pool, "systemusers", "SELECT * FROM systemusers ORDER BY id", func(r *row) error {
		users = append(users, user{
			r.number("id"), r.text("username"), r.text("password"), r.text("email"), r.number("status"), r.instant("createtime", s.zone),
		})
		return nil
	})
	return users, err
}

type config struct{ key, value string }

func (s *source) configs(ctx context.Context) (configs []config, err error) {
	err = each(ctx, s.pool, "systemconfigs", "SELECT * FROM systemconfigs", func(r *row) error {
		configs = append(configs, config{r.text("key"), r.text("value")})
		return nil
	})
	return configs, err
}

type node struct {
	name, kind string
	priority   int64
	slots      int64 // 0 when it is not said
}

func (s *source) nodes(ctx context.Context) (nodes []node, err error) {
	err = each(ctx, s.pool, "servernodes", "SELECT * FROM servernodes ORDER BY nodename", func(r *row) error {
		n := node{name: r.text("nodename"), kind: r.text("nodetype"), priority: r.number("priority")}
		if _, said := r.values["maxconcurrency"]; said { // it came late
			n.slots = r.number("maxconcurrency")
		}
		nodes = append(nodes, n)
		return nil
	})
	return nodes, err
}

// schedule is a task: what a client would have created it with, and what became of it.
type schedule struct {
	id     string
	fields url.Values
	status int64

	children    []string
	keepers     []int64
	executors   []string
	creator     int64
	creatorName string
	created     time.Time
	lastRun     time.Time
}

// schedules reads all tasks, deleted ones too, in the order of their making.
func (s *source) schedules(ctx context.Context) ([]*schedule, error) {
	var all []*schedule
	byID := map[string]*schedule{}
	err := each(ctx, s.pool, "schedules", "SELECT * FROM schedules ORDER BY createtime, id", func(r *row) error {
		t := &schedule{
			id: r.guid("id"), status: r.number("status"), creator: r.number("createuserid"), creatorName: r.text("createusername"),
			created: r.instant("createtime", s.zone), lastRun: r.instant("lastruntime", s.zone),
		}
		start := r.instant("startdate", s.zone)
		if start.IsZero() && r.truth("runloop") {
			start = t.created // a schedule without a start has been in force since it was made
		}
		t.fields = url.Values{
			"MetaType": {strconv.FormatInt(r.number("metatype"), 10)}, "Title": {r.text("title")}, "Remark": {r.text("remark")},
			"RunLoop": {strconv.FormatBool(r.truth("runloop"))}, "CronExpression": {r.text("cronexpression")},
			"StartDate": {fieldOf(start)}, "EndDate": {fieldOf(r.instant("enddate", s.zone))},
			"AssemblyName": {r.text("assemblyname")}, "ClassName": {r.text("classname")}, "CustomParamsJson": {r.text("customparamsjson")},
		}
		all, byID[t.id] = append(all, t), t
		return nil
	})
	if err != nil {
		return nil, err
	}
	return all, s.addParts(ctx, byID)
}

// addParts adds what the other tables say of tasks. What they say of none is of a task that is gone.
func (s *source) addParts(ctx context.Context, byID map[string]*schedule) error {
	for _, part := range []struct {
		table, order string
		add          func(*schedule, *row)
	}{
		{"schedulehttpoptions", "scheduleid", func(t *schedule, r *row) {
			for field, column := range map[string]string{
				"HttpRequestUrl": "requesturl", "HttpMethod": "method", "HttpContentType": "contenttype", "HttpHeaders": "headers", "HttpBody": "body",
			} {
				t.fields.Set(field, r.text(column))
			}
		}},
		{"schedulekeepers", "id", func(t *schedule, r *row) { t.keepers = append(t.keepers, r.number("userid")) }},
		{"schedulereferences", "id", func(t *schedule, r *row) { t.children = append(t.children, r.guid("childid")) }},
	} {
		err := each(ctx, s.pool, part.table, "SELECT * FROM "+part.table+" ORDER BY "+part.order, func(r *row) error {
			if t := byID[r.guid("scheduleid")]; t != nil {
				part.add(t, r)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	executors, err := s.executors(ctx, "schedules")
	for id, names := range executors {
		if t := byID[id]; t != nil {
			t.executors = names
		}
	}
	return err
}

// executors reads the workers named by the rows of a table, by their ids. The table of executors holds those of every delayed
// task there ever was, so it is narrowed; and because ids have another type in some tables than in others, they are
// compared as text.
func (s *source) executors(ctx context.Context, ofTable string) (map[string][]string, error) {
	names := map[string][]string{}
	query := "SELECT * FROM scheduleexecutors WHERE CAST(scheduleid AS char(36)) IN (SELECT CAST(id AS char(36)) FROM " + ofTable + ") ORDER BY id"
	err := each(ctx, s.pool, "scheduleexecutors", query, func(r *row) error {
		if name := r.text("workername"); name != "" {
			id := r.guid("scheduleid")
			names[id] = append(names[id], name)
		}
		return nil
	})
	return names, err
}

// pendingDelayed are the delayed tasks that have neither ended nor been voided.
const pendingDelayed = "scheduledelayeds WHERE status IN (1, 2)"

func (s *source) countPending(ctx context.Context) (pending int64, err error) {
	err = each(ctx, s.pool, "scheduledelayeds", "SELECT COUNT(*) AS pending FROM "+pendingDelayed, func(r *row) error {
		pending = r.number("pending")
		return nil
	})
	return pending, err
}

// delayed is a delayed task: what a client would have created it with, but for its time, and what became of it.
type delayed struct {
	id          string
	fields      url.Values
	creatorName string
	created     time.Time
	delay       time.Duration // from its creation
	absolute    time.Time
	failed      int64     // attempts
	lastTry     time.Time // zero when there was none
}

// eachPending calls fn for every pending delayed task, in the order of their making.
func (s *source) eachPending(ctx context.Context, fn func(*delayed) error) error {
	return each(ctx, s.pool, "scheduledelayeds", "SELECT * FROM "+pendingDelayed+" ORDER BY createtime, id", func(r *row) error {
		d := &delayed{
			id: r.guid("id"), creatorName: r.text("createusername"), created: r.instant("createtime", s.zone),
			delay: time.Duration(r.number("delaytimespan")) * time.Second, absolute: r.instant("delayabsolutetime", s.zone),
			failed: r.number("failedretrys"), lastTry: r.instant("executetime", s.zone),
			fields: url.Values{
				"SourceApp": {r.text("sourceapp")}, "Topic": {r.text("topic")}, "ContentKey": {r.text("contentkey")},
				"NotifyUrl": {r.text("notifyurl")}, "NotifyDataType": {r.text("notifydatatype")}, "NotifyBody": {r.text("notifybody")},
			},
		}
		if r.err != nil {
			return r.err
		}
		return fn(d)
	})
}

// fieldOf writes an instant as a client sends it; "" when there is none.
func fieldOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("2006-01-02 15:04:05.000000")
}
