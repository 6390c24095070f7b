package e2e

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCronNext(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		args []string
		want []string
	}{
		"last day of the month": {
			[]string{"--tz", "UTC", "--from", "2026-01-01T00:00:00Z", "--count", "3", "0 0 12 L * ?"},
			[]string{"2026-01-31T12:00:00Z", "2026-02-28T12:00:00Z", "2026-03-31T12:00:00Z"},
		},
		"what lies in the gap in spring is shifted": {
			[]string{"--tz", "Europe/Berlin", "--from", "2026-03-28T00:00:00Z", "--count", "3", "0 30 2 * * ?"},
			[]string{"2026-03-28T01:30:00Z", "2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"},
		},
		"what comes twice in autumn fires at the first": {
			[]string{"--tz", "Europe/Berlin", "--from", "2026-10-24T12:00:00Z", "--count", "2", "0 30 2 * * ?"},
			[]string{"2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"},
		},
		"every half hour keeps its pace in autumn": {
			[]string{"--tz", "Europe/Berlin", "--from", "2026-10-24T23:59:59Z", "--count", "4", "0 0/30 * * * ?"},
			[]string{"2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z"},
		},
		"nearest weekday, nth and last weekday, names, wrapped range": {
			[]string{"--tz", "UTC", "--from", "2026-01-31T00:00:00Z", "--count", "3", "0 0 22-2 ? FEB-MAR SUN#2"},
			[]string{"2026-02-08T00:00:00Z", "2026-02-08T01:00:00Z", "2026-02-08T02:00:00Z"},
		},
		"a schedule that ends": {
			[]string{"--tz", "UTC", "--from", "2026-01-01T00:00:00Z", "0 0 0 1 1 ? 2027"}, []string{"2027-01-01T00:00:00Z"},
		},
		"a day that never comes": {[]string{"0 0 0 30 2 ?"}, nil},
		"a year that is over":    {[]string{"0 0 0 1 1 ? 2020"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := command(t, "", append([]string{"cron", "next"}, row.args...)...)
			require.Equal(t, ran{stdout: strings.Join(append(row.want, ""), "\n")}, out)
		})
	}
	out := command(t, "", "cron", "next", "* * * * * ?")
	require.Equal(t, 5, strings.Count(out.stdout, "\n"), "five by default: %q", out.stdout)
	first, err := time.Parse(time.RFC3339, strings.SplitN(out.stdout, "\n", 2)[0])
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), first, soon, "from now on by default")
}

// A command that was called wrongly ends with status 2 and one line on standard error that says what would be right.
func TestCalledWrongly(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ call, want string }{
		"five fields":      {"cron next|0 0 2 * *", `want six or seven fields`},
		"two day fields":   {"cron next|0 0 0 15 * MON", `day of week is "MON", want ?`},
		"both days free":   {"cron next|* * * * * *", `day of week is "*", want ?`},
		"a minute too far": {"cron next|0 60 * * * ?", `minute is "60", want 0 to 59`},
		"a bad weekday":    {"cron next|0 0 0 0W * ?", `day of month is "0W"`},
		"no expression":    {"cron next", "takes one expression"},
		"unquoted":         {"cron next|*|*|*|*|*|?", "in quotes"},
		"zone":             {"cron next|--tz|Mars/Base|* * * * * ?", `"Mars/Base" is not a time zone`},
		"from":             {"cron next|--from|yesterday|* * * * * ?", `"yesterday" is not an RFC 3339 instant`},
		"count":            {"cron next|--count|0|* * * * * ?", "--count must be from 1"},
		"unknown flag":     {"serve|--no-such-flag", "--no-such-flag"},
		"unknown command":  {"frobnicate", `unknown command "frobnicate"`},
		"unknown below":    {"user|frobnicate", `unknown command "frobnicate"`},
		"an argument":      {"version|please", "please"},
		"bad address":      {"serve|--http-addr|nonsense", `http_addr (--http-addr): "nonsense" must be HOST:PORT`},
		"no master":        {"worker|--name|w", "master: must be given"},
		"role":             {"--role=both", `"both" must be master or worker`},
		"a database":       {"migrate|up|--database|Server=h;Database=d;Password=hush", "database (--database): could be of mysql or postgresql or sqlserver: set database_provider"},
		"a provider":       {"migrate|status|--database-provider|mysql", `database_provider (--database-provider): "mysql" goes with a connection string`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first, rest, more := strings.Cut(row.call, "|")
			args := strings.Fields(first)
			if more {
				args = append(args, strings.Split(rest, "|")...)
			}
			out := command(t, "", args...)
			require.Equal(t, 2, out.status, out.stderr)
			require.Empty(t, out.stdout)
			require.Contains(t, out.stderr, row.want)
			require.Regexp(t, `^carillon: [^\n]+\n$`, out.stderr)
			require.NotContains(t, out.stderr, "hush", "a password is never shown")
		})
	}
	out := commandIn(t, []string{"CARILLON_ADMIN_PASSWORD=tiger"}, "", "serve", "--http-addr", anyPort)
	require.Equal(t, 2, out.status)
	require.Contains(t, out.stderr, "CARILLON_ADMIN_PASSWORD")
	require.NotContains(t, out.stderr, "tiger")
}

// A database that does not answer is named, and its password is not.
func TestDatabaseOutOfReach(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"postgres://u:hush@127.0.0.1:1/d", "mysql://u:hush@127.0.0.1:1/d", "sqlserver://u:hush@127.0.0.1:1?database=d"} {
		out := command(t, "", "migrate", "--database", url)
		require.Equal(t, 1, out.status, out.stderr)
		require.Contains(t, out.stderr, "open the database ("+strings.SplitN(url, ":", 2)[0]+" u@127.0.0.1:1/d)")
		require.NotContains(t, out.stderr, "hush")
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	out := command(t, "", "version")
	require.Zero(t, out.status)
	require.Regexp(t, "^carillon "+regexp.QuoteMeta(testedVersion)+` \(commit \S+, go1\.\S+, `+runtime.GOOS+"/"+runtime.GOARCH+`\)\n$`, out.stdout)
}

func TestMigrateAndJoinToken(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "new", "folder")
	out := command(t, "", "join-token", "--data", data)
	require.Equal(t, 1, out.status)
	require.Contains(t, out.stderr, "carillon migrate")
	require.NoDirExists(t, data)
	out = command(t, "", "migrate", "status", "--data", data)
	require.Equal(t, 1, out.status)
	require.Contains(t, out.stderr, "there is no database")
	require.NoDirExists(t, data, "looking makes nothing")
	for _, call := range []string{"migrate", "migrate up"} {
		out = command(t, "", append(strings.Fields(call), "--data", data)...)
		require.Equal(t, "the schema is up to date\n", out.stdout, out.stderr)
		require.Zero(t, out.status)
	}
	out = command(t, "", "migrate", "status", "--database", "sqlite://"+filepath.ToSlash(data)+"/carillon.db")
	require.Zero(t, out.status, out.stderr)
	require.Regexp(t, `^NUMBER +NAME +APPLIED\n1 +0001_init +20\d\d-\S+Z\n(\d+ +\S+ +20\d\d-\S+Z\n)+$`, out.stdout)
	require.FileExists(t, filepath.Join(data, "carillon.db"))
	token := command(t, "", "join-token", "--data", data)
	require.Regexp(t, `^\S{16,256}\n$`, token.stdout)
	require.Equal(t, token, command(t, "", "join-token", "--data", data), "the token stays")

	m := start(t, nil, "master", "--data", data, "--http-addr", anyPort, "--grpc-addr", anyPort, "--log-format", "json")
	s := &server{process: m}
	s.readAddresses(t)
	require.Equal(t, token, command(t, "", "join-token", "--data", data), "also beside a running master")
	w := start(t, []string{"CARILLON_JOIN_TOKEN=" + strings.TrimSpace(token.stdout)}, "worker", "--master", s.grpc, "--name", "w", "--log-format", "json")
	w.await(1, soon, `"msg":"connected"`)
	require.NotContains(t, m.stderr.text()+w.stderr.text(), strings.TrimSpace(token.stdout))
}

// A health check finds the master by what that one is configured with, or by its URL.
func TestReady(t *testing.T) {
	t.Parallel()
	s := serve(t, "serve", t.TempDir())
	ready := ran{stdout: "ready\n"}
	require.Equal(t, ready, commandIn(t, []string{"CARILLON_HTTP_ADDR=" + s.http}, "", "ready"))
	file := filepath.Join(t.TempDir(), "carillon.yaml")
	require.NoError(t, os.WriteFile(file, []byte("http_addr: "+s.http+"\n"), 0o600))
	require.Equal(t, ready, command(t, "", "ready", "--config", file))
	require.Equal(t, ready, command(t, "", "ready", "http://"+s.http))
	s.stop()
	out := command(t, "", "ready", "http://"+s.http)
	require.Equal(t, 1, out.status)
	require.Regexp(t, `^carillon: [^\n]+\n$`, out.stderr)
}

// signIn gives the status that the JSON API answers a name and password with.
func (a *api) signIn(name, password string) int {
	a.t.Helper()
	r, err := http.NewRequestWithContext(a.t.Context(), http.MethodGet, a.base+"/api/v1/tasks", nil)
	require.NoError(a.t, err)
	r.SetBasicAuth(name, password)
	resp, err := a.client.Do(r)
	require.NoError(a.t, err)
	resp.Body.Close()
	return resp.StatusCode
}

// The command line changes users beside a running server, which knows it within a second.
func TestUsers(t *testing.T) {
	t.Parallel()
	machine := watchMachine(t)
	s := serve(t, "serve", t.TempDir())
	user := func(stdin string, args ...string) ran {
		return command(t, stdin, append(append([]string{"user"}, args...), "--data", s.data)...)
	}
	// A second, and what a busy machine needs to answer.
	soonSigns := func(status int, name, pass string) {
		t.Helper()
		machine.eventually(t, 3*time.Second, func() bool { return s.signIn(name, pass) == status }, "%s is answered %d", name, status)
	}
	require.Equal(t, http.StatusUnauthorized, s.signIn("anna", "first password"))
	require.Equal(t, ran{stdout: "user anna has id 2\n"}, user("first password\n", "add", "anna", "--role", "viewer", "--email", "anna@example.com"))
	soonSigns(http.StatusOK, "anna", "first password")
	require.Equal(t, ran{}, user("second password\n", "passwd", "anna"))
	soonSigns(http.StatusUnauthorized, "anna", "first password")
	soonSigns(http.StatusOK, "anna", "second password")
	require.Equal(t, ran{}, user("", "disable", "anna"))
	soonSigns(http.StatusUnauthorized, "anna", "second password")
	require.Equal(t, ran{}, user("", "enable", "anna"))
	soonSigns(http.StatusOK, "anna", "second password")
	require.Equal(t, http.StatusOK, s.signIn("admin", password))

	for want, out := range map[string]ran{
		"there is a user named anna already": user("some password\n", "add", "anna"),
		"there is no user named nobody":      user("", "disable", "nobody"),
		"must have at least":                 user("tiger\n", "passwd", "anna"),
		"no password was given":              user("", "passwd", "anna"),
		"must be admin, developer":           user("some password\n", "add", "bert", "--role", "king"),
	} {
		require.Equal(t, 1, out.status)
		require.Contains(t, out.stderr, want)
	}
}

// The first start makes admin and tells its password once, or takes the one it is given; later starts do neither.
func TestFirstPassword(t *testing.T) {
	t.Parallel()
	s := &server{role: "serve", data: t.TempDir(), listenHTTP: anyPort, listenGRPC: anyPort, env: []string{"CARILLON_ADMIN_PASSWORD="}}
	s.start(t)
	var shown []string
	eventually(t, soon, func() bool {
		shown = regexp.MustCompile(`(?m)^ +(\S{16,})$`).FindStringSubmatch(s.stdout.text())
		return shown != nil
	}, "the password is shown")
	require.Equal(t, http.StatusOK, s.signIn("admin", shown[1]))
	require.NotContains(t, s.stderr.text(), shown[1], "a log is kept and read by many")
	s.stop()
	s.env = []string{"CARILLON_ADMIN_PASSWORD=another password"}
	s.start(t)
	require.Empty(t, s.stdout.text(), "it is told once")
	require.Equal(t, http.StatusOK, s.signIn("admin", shown[1]))
	require.Equal(t, http.StatusUnauthorized, s.signIn("admin", "another password"), "admin exists")

	for _, name := range []string{"carillon.db", "carillon.db-wal"} {
		text, err := os.ReadFile(filepath.Join(s.data, name))
		require.NoError(t, err)
		require.NotContains(t, string(text), shown[1])
	}
}

// The clock that is wrong on purpose is not in the binary that people run.
func TestClockHasNoOffset(t *testing.T) {
	t.Parallel()
	path, err := binary()
	require.NoError(t, err)
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.False(t, bytes.Contains(content, []byte("CARILLON_CLOCK_OFFSET")))
}
