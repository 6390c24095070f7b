package e2e

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/conf/dsn"
	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
)

// A business system that changes nothing but the host name: its user, its task and its delayed task are brought into a Carillon
// that serves all the while, and once ScheduleMaster is stopped they are called back from here.
func TestMovingFromScheduleMaster(t *testing.T) {
	t.Parallel()
	target := newSink(t)
	from := scheduleMaster(t,
		"INSERT INTO systemusers VALUES (7,'crm','e10adc3949ba59abbe56e057f20f883e','crm',NULL,NULL,1,'2020-04-05 15:38:14.5',NULL)", // 123456
		"INSERT INTO systemconfigs VALUES ('Http_RequestTimeout','g','n','25',1,1,NULL,'2020-04-08 06:48:48.2',NULL,NULL)",
		"INSERT INTO schedules VALUES ('5f3b1c1e-7d2a-4c4b-9e11-000000000001','发票',2,NULL,1,'* * * * * ?',NULL,NULL,NULL,1,'2020-05-13 09:25:48',NULL,'2020-05-13 09:25:48.3',7,'crm',NULL,NULL,0)",
		"INSERT INTO schedulehttpoptions VALUES ('5f3b1c1e-7d2a-4c4b-9e11-000000000001','"+target.URL+"/task','POST','application/json',NULL,'{}')",
		"INSERT INTO scheduledelayeds VALUES ('5f3b1c1e-7d2a-4c4b-9e11-000000000002','crm','t','k',60,'2020-01-01 10:00:00','2020-01-01 10:00:00','crm',NULL,NULL,2,0,NULL,'"+target.URL+"/delayed','application/json','{}')",
	)
	s := serve(t, "serve", t.TempDir(), "--time-zone", zone)
	bring := func(args ...string) ran {
		t.Helper()
		out := commandIn(t, []string{"CARILLON_IMPORT_FROM=" + from, "CARILLON_TIME_ZONE=" + zone}, "",
			append([]string{"import", "schedulemaster", "--data", s.data}, args...)...)
		require.Zero(t, out.status, out.stderr)
		require.Empty(t, out.stderr)
		return out
	}
	dry := bring("--dry-run")
	require.Regexp(t, `^dry run: nothing is written\nfrom mysql root@\S+/carillon_e2e_\S+; its times are read as those of Asia/Shanghai, \+08:00 today\n\n`, dry.stdout)
	require.Contains(t, dry.stdout, `brought  task         "发票" (5f3b1c1e-7d2a-4c4b-9e11-000000000001): stopped; it runs there`)
	require.Equal(t, dry.stdout, "dry run: nothing is written\n"+bring().stdout, "then it is done as it was said")

	crm := &connection{t: t, caller: callers()[0], addr: s.http, as: "crm", secret: core.APISecret("crm", "123456")}
	require.Contains(t, crm.get("/api/Task/QueryTaskDetail", "id", "5f3b1c1e-7d2a-4c4b-9e11-000000000001"),
		`"Status":0,"StartDate":"2020-05-13 09:25:48","EndDate":null,"CreateTime":"2020-05-13 09:25:48","CreateUserId":7,"CreateUserName":"crm"`)
	require.Empty(t, target.seen(""), "what runs there is not fired here")

	bring("--start")
	a := target.await("/task", 2, soon)
	require.NotEqual(t, a[0].key, a[1].key)
	require.Len(t, target.await("/delayed", 1, soon), 1)
	require.NotRegexp(t, `(?m)^brought  `, bring("--start").stdout, "nothing comes twice")
	require.Len(t, target.seen("/delayed"), 1)

	// People sign in with the old password until they have a new one, and clients go on.
	require.Equal(t, 200, s.signIn("crm", "123456"))
	require.Equal(t, ran{}, command(t, "a new password\n", "user", "passwd", "--keep-secret", "crm", "--data", s.data))
	watchMachine(t).eventually(t, 3*time.Second, func() bool { return s.signIn("crm", "123456") == 401 }, "the old password is out")
	require.Equal(t, 200, s.signIn("crm", "a new password"))
	matches(t, done("任务已停止运行!", "null"), crm.post("/api/Task/Stop", "id", "5f3b1c1e-7d2a-4c4b-9e11-000000000001"))
}

// scheduleMaster makes a ScheduleMaster database with some rows on the MySQL of CARILLON_TEST_MYSQL_DSN, or of this machine, and
// gives its URL. A server that cannot be reached skips the test, but where it is required.
func scheduleMaster(t *testing.T, rows ...string) string {
	t.Helper()
	base := os.Getenv("CARILLON_TEST_MYSQL_DSN")
	if base == "" {
		base = "mysql://root@127.0.0.1:3306/mysql?sslmode=none"
	}
	at, err := dsn.Parse(base, "")
	require.NoError(t, err)
	open := func(database string) *sql.DB {
		c, err := mysql.ParseDSN(at.DSN)
		require.NoError(t, err)
		c.DBName, c.MultiStatements = database, true
		connector, err := mysql.NewConnector(c)
		require.NoError(t, err)
		pool := sql.OpenDB(connector)
		t.Cleanup(func() { require.NoError(t, pool.Close()) })
		return pool
	}
	admin := open("")
	if err := admin.PingContext(t.Context()); err != nil && !testdb.Required("mysql") {
		t.Skipf("no MySQL can be reached: %s", err)
	}
	name := "carillon_e2e_" + strings.ToLower(rand.Text())
	_, err = admin.ExecContext(t.Context(), "CREATE DATABASE "+name)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := admin.ExecContext(context.Background(), "DROP DATABASE "+name)
		require.NoError(t, err)
	})
	pool := open(name)
	for _, statement := range append([]string{scheduleMasterTables}, rows...) {
		_, err := pool.ExecContext(t.Context(), statement)
		require.NoError(t, err, statement)
	}
	before, after, _ := strings.Cut(base, "?")
	return fmt.Sprintf("%s/%s?%s", before[:strings.LastIndexByte(before, '/')], name, after)
}

// scheduleMasterTables are those that are read, with the columns in ScheduleMaster's order.
const scheduleMasterTables = `
CREATE TABLE systemusers (id int, username varchar(50), password varchar(50), realname varchar(50), phone varchar(15), email varchar(500),
	status int, createtime datetime(6), lastlogintime datetime(6));
CREATE TABLE systemconfigs (` + "`key` varchar(50), `group`" + ` varchar(50), name varchar(100), value varchar(1000), sort int, isreuired tinyint(1),
	remark varchar(500), createtime datetime(6), updatetime datetime(6), updateusername varchar(50));
CREATE TABLE servernodes (nodename varchar(100), nodetype varchar(20), machinename varchar(100), accessprotocol varchar(20), host varchar(100),
	accesssecret varchar(50), lastupdatetime datetime(6), status int, priority int);
CREATE TABLE schedules (id char(36), title varchar(100) CHARSET utf8mb4, metatype int, remark varchar(500), runloop tinyint(1), cronexpression varchar(50),
	assemblyname varchar(200), classname varchar(200), customparamsjson longtext, status int, startdate datetime(6), enddate datetime(6),
	createtime datetime(6), createuserid int, createusername varchar(50), lastruntime datetime(6), nextruntime datetime(6), totalruncount int);
CREATE TABLE schedulehttpoptions (scheduleid char(36), requesturl varchar(500), method varchar(10), contenttype varchar(50), headers longtext, body longtext);
CREATE TABLE schedulekeepers (id int, scheduleid char(36), userid int);
CREATE TABLE schedulereferences (id int, scheduleid char(36), childid char(36));
CREATE TABLE scheduleexecutors (id int, scheduleid char(36), workername varchar(100));
CREATE TABLE scheduledelayeds (id char(36), sourceapp varchar(50), topic varchar(100), contentkey varchar(100), delaytimespan int,
	delayabsolutetime datetime(6), createtime datetime(6), createusername varchar(50), executetime datetime(6), finishtime datetime(6),
	status int, failedretrys int, remark varchar(255), notifyurl varchar(255), notifydatatype varchar(50), notifybody varchar(1000))`
