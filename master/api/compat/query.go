package compat

import (
	"encoding/json"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

// The bounds of a page of tasks.
const (
	maxPage     = 1_000_000
	maxPageSize = 1000
)

// row is a task in a list.
type row struct {
	ID            string `json:"Id"`
	Title         string
	RunLoop       bool
	StartDate     *string
	LastRunTime   *string
	NextRunTime   *string
	TotalRunCount int64
	Status        int
	CreateTime    *string
	Executors     []string
}

// detail is a task by itself.
type detail struct {
	ID               string `json:"Id"`
	Title            string
	MetaType         int
	Remark           *string
	RunLoop          bool
	CronExpression   *string
	AssemblyName     *string
	ClassName        *string
	CustomParamsJson string
	Status           int
	StartDate        *string
	EndDate          *string
	CreateTime       *string
	CreateUserID     int64 `json:"CreateUserId"`
	CreateUserName   string
	LastRunTime      *string
	NextRunTime      *string
	TotalRunCount    int64
}

func (a *api) listTasks(c *call) (reply, error) {
	page, err := c.form.integer("pageNumber", 1, 1, maxPage)
	if err != nil {
		return reply{}, err
	}
	size, err := c.form.integer("pageSize", 1, 1, maxPageSize)
	if err != nil {
		return reply{}, err
	}
	filter := store.TaskFilter{Namespace: core.DefaultNamespace, Title: c.form.get("name"), Offset: (page - 1) * size, Limit: size}
	total, err := a.Tasks.Count(c.Context(), filter)
	if err != nil {
		return reply{}, err
	}
	tasks, err := a.Tasks.List(c.Context(), filter)
	if err != nil {
		return reply{}, err
	}
	rows := make([]row, len(tasks))
	for i, t := range tasks {
		rows[i] = a.row(t)
	}
	body, err := json.Marshal(struct {
		Total int64 `json:"total"`
		Rows  []row `json:"rows"`
	}{total, rows})
	return reply{bare: body}, err
}

func (a *api) showTask(c *call) (reply, error) {
	id, err := c.form.guid("id")
	if err != nil {
		return reply{}, err
	}
	t, err := a.Tasks.Get(c.Context(), id)
	if err != nil {
		return reply{}, err
	}
	data, err := json.Marshal(a.detail(t))
	return reply{message: c.text("the task was found"), data: data}, err
}

func (a *api) row(t *core.Task) row {
	r := row{
		ID: t.ID, Title: t.Title, RunLoop: t.Schedule.Kind != core.ScheduleOnce,
		StartDate: a.show(t.Schedule.Start), LastRunTime: a.show(t.Stats.LastRunAt), NextRunTime: a.next(t),
		TotalRunCount: t.Stats.Runs, Status: taskStatus(t.State), CreateTime: a.show(t.CreatedAt), Executors: t.Executors,
	}
	if r.Executors == nil {
		r.Executors = []string{}
	}
	return r
}

func (a *api) detail(t *core.Task) detail {
	d := detail{
		ID: t.ID, Title: t.Title, MetaType: metaHTTP, Remark: orNull(t.Remark), RunLoop: t.Schedule.Kind != core.ScheduleOnce,
		CronExpression: orNull(t.Schedule.Cron), CustomParamsJson: encodeParams(t.Params), Status: taskStatus(t.State),
		StartDate: a.show(t.Schedule.Start), EndDate: a.show(t.Schedule.End), CreateTime: a.show(t.CreatedAt),
		CreateUserID: t.CreatedBy, CreateUserName: t.CreatedByName, LastRunTime: a.show(t.Stats.LastRunAt), NextRunTime: a.next(t),
		TotalRunCount: t.Stats.Runs,
	}
	if t.Plugin != nil {
		d.MetaType, d.AssemblyName, d.ClassName = metaPlugin, orNull(t.Plugin.Package), orNull(t.Plugin.Task)
	}
	return d
}

// show gives an instant as it is shown; null when there is none.
func (a *api) show(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	return orNull(t.In(a.Zone).Format(timeFormat))
}

// next gives the next instant of a running task; null for any other.
func (a *api) next(t *core.Task) *string {
	if dues := a.Tasks.Next(t, 1); len(dues) > 0 {
		return a.show(dues[0])
	}
	return nil
}

// taskStatus gives a state in ScheduleMaster's numbers.
func taskStatus(s core.TaskState) int {
	switch s {
	case core.TaskRunning:
		return 1
	case core.TaskPaused:
		return 2
	case core.TaskDeleted:
		return -1
	}
	return 0
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
