package store_test

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/store"
)

// scaleRows names the number of rows of history that plans are looked at over: CI asks for a million, `make scale` for ten.
const scaleRows = "CARILLON_TEST_SCALE"

// Over a long history and many pending delayed tasks, every server finds what the hot path and the pages ask for by an
// index: no plan reads a growing table from end to end.
func TestNoFullScanOverALongHistory(t *testing.T) {
	t.Parallel()
	rows := 30_000
	if s := os.Getenv(scaleRows); s != "" {
		var err error
		rows, err = strconv.Atoi(s)
		require.NoError(t, err, scaleRows)
	}
	testdb.EachPair(t, func(t *testing.T, s, _ *store.Store) {
		b := setup(t, s)
		calls := hotCalls(b)
		b.grow(rows)
		plan, err := b.Plan(b.ctx, store.Statement{Query: "SELECT id FROM run_history WHERE reason = 'no index has it'"})
		require.NoError(t, err)
		require.NotEmpty(t, fullScans(b.Kind(), plan), "a full scan is seen: %s", plan)
		tap := store.NewTap(b.Store)
		for _, c := range calls {
			t.Run(c.name, func(t *testing.T) {
				b.ForgetDefinitions()
				tap.Take()
				require.NoError(t, c.do())
				for _, st := range tap.Take() {
					plan, err := b.Plan(b.ctx, st)
					require.NoError(t, err, st.Query)
					require.Empty(t, fullScans(b.Kind(), plan), "%s\n%s", st.Query, strings.Join(plan, "\n"))
				}
			})
		}
	})
}

// series is a query for the numbers from 1 to n in a column named n.
func series(kind string, n int) string {
	switch kind {
	case store.Postgres:
		return fmt.Sprintf("SELECT n FROM generate_series(1, %d) AS n", n)
	case store.MySQL:
		return fmt.Sprintf("SELECT seq AS n FROM seq_1_to_%d", n) // MariaDB's sequence engine
	default:
		return fmt.Sprintf("SELECT TOP (%d) ROW_NUMBER() OVER (ORDER BY (SELECT NULL)) AS n FROM sys.all_columns a CROSS JOIN sys.all_columns b", n)
	}
}

// grow fills the tables that grow: rows ended runs of a thousand tasks and of as many delayed tasks as half of them,
// those delayed tasks, half of them pending, and the thousand tasks. The database then counts them, as it does by itself
// after a while.
func (b *bundle) grow(rows int) {
	b.t.Helper()
	no := "false"
	if b.Kind() != store.Postgres {
		no = "0"
	}
	const id = "concat('0', %s, '-8000-8000-800000000000')"
	number := func(column, prefix string) string {
		return fmt.Sprintf(id, fmt.Sprintf("concat('%s', concat(right(concat('000000000', %s), 9), ''))", prefix, column))
	}
	numbers := series(b.Kind(), rows)
	tasks := series(b.Kind(), 1000)
	task := number("(1000000 + n % 1000)", "a")
	for _, query := range []string{
		"INSERT INTO tasks (id,namespace,kind,title,remark,definition,created_by,created_by_name,created_at,updated_at) SELECT " +
			number("(1000000 + n % 1000)", "a") + ",'default','http','t','','{}',1,'admin',n,n FROM (" + tasks + ") s",
		"INSERT INTO task_plans (task_id,namespace,state,version,next_due) SELECT " + task + ",'default','running',1,4000000000000000 + n FROM (" + tasks + ") s",
		"INSERT INTO delayed_tasks (id,namespace,source_app,topic,content_key,state,due_at,next_due,resets,runs,created_by,created_by_name,created_at,finished_at,executors,retry,callback) SELECT " +
			number("n", "b") + ",'default',concat('app', n % 7),'topic',concat('key', n),CASE WHEN n % 2 = 0 THEN 'created' ELSE 'succeeded' END,4000000000000000 + n,CASE WHEN n % 2 = 0 THEN 4000000000000000 + n ELSE NULL END,0,0,1,'admin',n,CASE WHEN n % 2 = 0 THEN 0 ELSE n END,'','{}','{}' FROM (" + numbers + ") s",
		"INSERT INTO run_history (" + store.HistoryHead + ",log,response) SELECT " + number("n", "c") + ",'default',CASE WHEN n % 2 = 0 THEN " + task + " ELSE '' END,1,CASE WHEN n % 2 = 0 THEN '' ELSE " + number("n", "b") + " END," +
			number("n", "c") + ",'','schedule',1,0,0,0,0,'default','succeeded',n,n,1,'w1',n,n,n,n,n,1,n,200," + no + ",'','POST http://127.0.0.1/','text/plain',0,'','',NULL FROM (" + numbers + ") s",
		"INSERT INTO runs (" + store.RunColumns + ") SELECT " + number("n", "d") + ",'default','',0," + number("n", "b") + "," + number("n", "d") + ",'','delayed',1,0,0,0,0,'other','planned',4000000000000000 + n,4000000000000000 + n,4000000000000000 + n,0,'','',n,0,0,0,'' FROM (" + series(b.Kind(), rows/10) + ") s",
	} {
		require.NoError(b.t, b.ExecAsIs(b.ctx, query), query)
	}
	for _, table := range []string{"tasks", "task_plans", "delayed_tasks", "run_history", "runs"} {
		analyze := map[string]string{store.Postgres: "ANALYZE ", store.MySQL: "ANALYZE TABLE ", store.SQLServer: "UPDATE STATISTICS "}[b.Kind()]
		require.NoError(b.t, b.ExecAsIs(b.ctx, analyze+table))
	}
	count, err := b.CountTasks(b.ctx, store.TaskFilter{State: core.TaskRunning})
	require.NoError(b.t, err)
	require.GreaterOrEqual(b.t, count, int64(1000))
}

var postgresScan = regexp.MustCompile(`Seq Scan on (runs|run_history|delayed_tasks)\b`)

// What a scan is of, as SQL Server's plans name it. Two indexes are excused as readsWhole excuses them.
var (
	sqlserverScan = regexp.MustCompile(`\.\[(runs|run_history|delayed_tasks)\]`)
	excusedScan   = regexp.MustCompile(`\[(runs_holder|runs_task)\]`)
)

// fullScans are the steps of a plan that read a growing table from end to end.
func fullScans(kind string, plan []string) []string {
	var found []string
	for _, step := range plan {
		whole := false
		switch kind {
		case store.Postgres:
			whole = postgresScan.MatchString(step)
		case store.SQLServer: // StmtText, StmtId, NodeId, Parent, PhysicalOp, LogicalOp, Argument, …
			f := strings.Split(step, "\t")
			whole = len(f) > 6 && strings.HasSuffix(f[4], " Scan") && sqlserverScan.MatchString(f[6]) && !excusedScan.MatchString(f[6])
		case store.MySQL: // id, select_type, table, type, possible_keys, key, …
			f := strings.Split(step, "\t")
			whole = len(f) > 3 && (f[2] == "runs" || f[2] == "run_history" || f[2] == "delayed_tasks") && (f[3] == "ALL" || f[3] == "index" && f[2] != "runs")
		}
		if whole {
			found = append(found, step)
		}
	}
	return found
}
