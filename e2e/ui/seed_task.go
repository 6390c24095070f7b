package ui

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/carillonhq/carillon/core"
)

// SeededTask is the id of a task with relatives, a history and runs.
const SeededTask = "01900000-0000-7000-8000-000000000001"

// seedFamily makes that task: its parent, its children and a grandchild, and edits of it.
func (s *Server) seedFamily(ctx context.Context, admin *core.User) error {
	ctx = core.WithAuthor(ctx, core.Author{UserID: admin.ID, UserName: admin.Name, Via: core.ViaPage})
	tasks := s.Manage.Tasks
	task := func(title, path string, children ...string) *core.Task {
		k := &core.Task{Kind: core.KindHTTP, Title: title, Labels: []string{"nightly", "对账"}}
		k.Schedule = core.Schedule{Kind: core.ScheduleCron, Cron: "0 30 1 * * ?", Zone: "Europe/Berlin"}
		k.Callback = &core.Callback{
			Method: http.MethodPost, URL: "https://ledger.example" + path, ContentType: "application/json", Body: "{\n  \"day\": \"yesterday\"\n}", Timeout: 30 * time.Second,
			Headers: []core.Header{{Name: "Authorization", Value: "Bearer 3f1c"}},
		}
		k.Children, k.Keepers = children, []int64{admin.ID}
		return k
	}
	var ids []string
	for _, k := range []*core.Task{task("Archive the statements", "/archive"), task("通知财务部门", "/notify"), task("Publish the figures to partners", "/publish")} {
		if len(ids) > 0 {
			k.Children = ids[:1]
		}
		if _, err := tasks.Create(ctx, admin, k, true); err != nil {
			return fmt.Errorf("%s: %w", k.Title, err)
		}
		ids = append(ids, k.ID)
	}
	main := task("夜间对账 Nightly reconciliation", "/reconcile", ids[1:]...)
	main.ID, main.Origin, main.CreatedAt = SeededTask, &core.Origin{System: core.SystemScheduleMaster}, s.Store.Now()
	if _, err := tasks.Adopt(ctx, admin, main); err != nil {
		return err
	}
	if _, err := tasks.Create(ctx, admin, task("Close the day", "/close", SeededTask), false); err != nil {
		return err
	}
	for _, change := range []func(*core.Task){
		func(k *core.Task) {
			k.Retry = core.RetryPolicy{Count: 3, Backoff: core.BackoffExponential, Delay: 10 * time.Second}
		},
		func(k *core.Task) { k.Schedule.Cron, k.Remark = "0/4 * * * * ?", "Compares the ledgers of all shops." },
	} {
		k, err := tasks.Get(ctx, SeededTask)
		if err != nil {
			return err
		}
		change(k)
		if _, err := tasks.Edit(ctx, admin, k); err != nil {
			return err
		}
	}
	return tasks.Start(ctx, admin, SeededTask)
}
