package schedulemaster

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

// sorted gives lines by noun, and those of a noun by what they say: the order of settings is the database's.
func sorted(lines []string) []string {
	var all []string
	for _, noun := range []Noun{User, Worker, Setting, Task, DelayedTask} {
		all = append(all, slices.Sorted(slices.Values(of(lines, noun)))...)
	}
	return all
}

// messy adds rows that cannot be brought as they are.
func messy(db *theirs) {
	db.user(11, "default", defaultMD5)
	db.user(12, "clear", "123456")
	db.user(13, "a:b", md5Of123456)
	db.user(14, "UPPER", "E10ADC3949BA59ABBE56E057F20F883E")
	db.node("bad name", "worker")
	db.task(10, values{"cronexpression": "0 0 2 * *"})
	db.task(11, values{"cronexpression": "0 0 0 1 1 ? 2020"})
	db.task(12, values{"requesturl": "/relative"})
	db.task(13, values{"headers": "{"})
	db.task(14, values{"runloop": false, "startdate": nil})
	db.task(15, values{"method": ""})
	db.exec("DELETE FROM schedulehttpoptions WHERE scheduleid = "+db.place(1), guid(15))
	// A circle of three, and one that fires itself.
	for n := 20; n < 24; n++ {
		db.task(n, values{"status": 0})
	}
	db.child(20, 21)
	db.child(21, 22)
	db.child(22, 20)
	db.child(22, 10)
	db.child(23, 23)
	db.child(23, 99)
	db.child(23, 4)
	db.executor(23, "bad name")
	db.keeper(23, 12)
	db.delayed(20, values{"sourceapp": ""})
}

func TestRowsThatAreLeft(t *testing.T) {
	eachServer(t, func(t *testing.T, db *theirs) {
		messy(db)
		o := newOurs(t)
		lines, _ := o.bring(db)
		require.Equal(t, []string{
			"brought  user         default: without an API secret and a password, because it has the password there that ScheduleMaster gives out: set one by `carillon user passwd default`",
			"left     user         clear: has a password there that is no MD5 in hexadecimal digits",
			"left     user         a:b: name: must not hold a colon or a control character, nor begin or end with a space",
			"brought  user         UPPER: with the API secret it has there; signs in with its old password, which is to be changed",
		}, of(lines, User))
		require.Equal(t, []string{
			"left     worker       bad name: name: must begin with a letter or digit and hold only letters, digits and . _ @ : -",
		}, of(lines, Worker))
		require.Equal(t, []string{
			`left     task         "task 10" (#a): CronExpression: expression is "0 0 2 * *", want six or seven fields: second minute hour day-of-month month day-of-week [year]; ` +
				`it has five: put the second in front, and ? in one of the two day fields`,
			`left     task         "task 11" (#b): CronExpression: names no instant that is later than now and not before the start`,
			`left     task         "task 12" (#c): HttpRequestUrl: must be an absolute http or https URL`,
			`left     task         "task 13" (#d): HttpHeaders: must be a JSON list such as [{"ParamKey":"a","ParamValue":"b"}]`,
			`left     task         "task 14" (#e): StartDate: is required`,
			`left     task         "task 15" (#f): HttpRequestUrl: is required, and the table schedulehttpoptions has no row for the task`,
			`brought  task         "task 20" (` + guid(20) + `)`,
			`brought  task         "task 21" (` + guid(21) + `)`,
			`brought  task         "task 22" (` + guid(22) + `): child ` + guid(20) + ` is left out: the task would fire itself for ever; child #a is left out: it is not here`,
			`brought  task         "task 23" (` + guid(23) + `): keeper 12 is no user; worker "bad name" is left out: no worker can have that name here; any worker may take it; ` +
				`child ` + guid(23) + ` is left out: the task would fire itself for ever; child ` + guid(99) + ` is left out: it is not here; child #4 is left out: it is not here`,
		}, of(lines, Task))
		require.Equal(t, []string{guid(21)}, o.task(20).Children)
		require.Empty(t, o.task(22).Children)
		require.Empty(t, o.task(23).Executors)
		require.Equal(t, []int64{12}, o.task(23).Keepers, "as when a client sends it")

		for _, value := range []string{core.APISecret("default", "111111"), ""} {
			_, err := o.auth.CheckSecret(t.Context(), "default", value, "192.0.2.1")
			require.Equal(t, core.CodeUnauthenticated, core.CodeOf(err))
		}
		_, err := o.auth.CheckSecret(t.Context(), "UPPER", core.APISecret("UPPER", "123456"), "192.0.2.1")
		require.NoError(t, err)

		// What is mended there comes, and with it the edge that was left out; what is spoilt there stays here.
		db.set("schedules", "id", guid(10), "cronexpression", "0 0 2 * * ?")
		db.set("schedules", "id", guid(21), "cronexpression", "nonsense")
		db.set("systemusers", "id", 11, "password", md5Of123456)
		db.set("systemusers", "id", 14, "password", defaultMD5)
		lines, _ = o.bring(db)
		require.Contains(t, lines, `brought  task         "task 10" (#a): stopped; it runs there`)
		require.Contains(t, lines, `changed  task         "task 22" (`+guid(22)+`): child `+guid(20)+` is left out: the task would fire itself for ever`)
		require.Equal(t, []string{guid(10)}, o.task(22).Children)
		require.Equal(t, []string{guid(22)}, o.task(21).Children)
		found := of(lines, Task)
		at := slices.IndexFunc(found, func(l string) bool { return strings.HasPrefix(l, `left     task         "task 21"`) })
		require.GreaterOrEqual(t, at, 0)
		require.Contains(t, found[at], "; here it stays as it was brought")
		require.Contains(t, lines, "changed  user         default: the API secret")
		require.Contains(t, lines, "left     user         UPPER: has been given the password there that ScheduleMaster gives out")
	})
}

// Users who are here already keep what they have; ids that are taken are not given twice.
func TestUsersOfBothSystems(t *testing.T) {
	eachServer(t, func(t *testing.T, db *theirs) {
		o := newOurs(t)
		_, err := o.auth.EnsureAdmin(t.Context(), "first password")
		require.NoError(t, err)
		_, err = o.auth.Add(t.Context(), "shop", "123456", core.RoleViewer, "") // id 2
		require.NoError(t, err)
		db.user(1, "admin", md5Of123456)
		db.user(2, "crm", md5Of123456)
		db.user(7, "shop", md5Of123456)
		db.task(1, values{"createuserid": 7})
		db.keeper(1, 1)
		db.keeper(1, 2)
		db.keeper(1, 7)
		lines, report := o.bring(db, func(opts *Options) { opts.Role = core.RoleOperator })
		require.Equal(t, []string{
			"left     user         admin: has a password of its own here: clients that send the secret it has there go on after `carillon user passwd admin` with the old password",
			"brought  user         crm: with the API secret it has there; signs in with its old password, which is to be changed; under an id of its own, because 2 is shop's here: who is sent the keeper 2 means shop",
		}, of(lines, User))
		require.Equal(t, int64(1), report.Count(User, AsItWas), "shop has the same password here")
		crm, err := o.UserByName(t.Context(), "crm")
		require.NoError(t, err)
		require.Equal(t, core.RoleOperator, crm.Role)
		require.NotContains(t, []int64{1, 2, 7}, crm.ID)
		require.Equal(t, []int64{1, crm.ID, 2}, o.task(1).Keepers)
		require.Equal(t, int64(2), o.task(1).CreatedBy)
		_, report = o.bring(db)
		require.Equal(t, int64(1), report.Count(Task, AsItWas))
	})
}

func TestZoneOfScheduleMaster(t *testing.T) {
	eachServer(t, func(t *testing.T, db *theirs) {
		berlin, err := time.LoadLocation("Europe/Berlin")
		require.NoError(t, err)
		db.task(1)
		db.task(2, values{"runloop": false, "startdate": "2098-07-01 08:30:00", "lastruntime": nil})
		o := newOurs(t)
		there := func(opts *Options) { opts.FromZone = berlin }
		o.bring(db, there)
		require.Equal(t, "Europe/Berlin", o.task(1).Schedule.Zone, "noon is noon there")
		require.Equal(t, time.Date(2020, 5, 13, 7, 25, 48, 0, time.UTC), o.task(1).Schedule.Start)
		require.Empty(t, o.task(2).Schedule.Zone)
		require.Equal(t, time.Date(2098, 7, 1, 6, 30, 0, 0, time.UTC), o.task(2).Schedule.Start)
		_, report := o.bring(db, there)
		require.Equal(t, int64(2), report.Count(Task, AsItWas))
		_, report = o.bring(db)
		require.Equal(t, int64(2), report.Count(Task, Changed), "another zone is another task")
	})
}

func TestAnyWorker(t *testing.T) {
	eachServer(t, func(t *testing.T, db *theirs) {
		db.node("w1", "worker")
		db.task(1)
		db.executor(1, "w1")
		o := newOurs(t)
		lines, report := o.bring(db, anyWorker)
		require.Empty(t, of(lines, Worker))
		require.Empty(t, o.task(1).Executors)
		require.Len(t, report.Hints, 1, "nothing waits for a worker")
		_, report = o.bring(db)
		require.Equal(t, int64(1), report.Count(Task, Changed))
		require.Equal(t, []string{"w1"}, o.task(1).Executors)
	})
}

// A task of the same id that was made here, however unlikely, is not touched.
func TestTaskThatWasNotBrought(t *testing.T) {
	eachServer(t, func(t *testing.T, db *theirs) {
		db.task(1)
		o := newOurs(t)
		o.bring(db)
		mine := o.task(1)
		mine.Origin = nil
		require.NoError(t, o.EditTask(t.Context(), mine))
		lines, _ := o.bring(db)
		require.Equal(t, []string{`left     task         "task 1" (#1): there is a task with this id that was not brought from ScheduleMaster`}, of(lines, Task))
	})
}
