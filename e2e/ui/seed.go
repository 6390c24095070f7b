package ui

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/carillonhq/carillon/core"
)

// The users of a seeded server beside admin, one of each role, named as it.
func roles() []core.Role { return []core.Role{core.RoleDeveloper, core.RoleOperator, core.RoleViewer} }

// Seed fills a server with what a shop might have: tasks of every state, some that fail, a plugin, and users of every role.
func (s *Server) Seed(ctx context.Context) error {
	admin, err := s.Store.UserByName(ctx, "admin")
	if err != nil {
		return err
	}
	for _, role := range roles() {
		if err := s.AddUser(ctx, string(role), role); err != nil {
			return err
		}
	}
	for i, row := range []struct {
		title, cron, path string
		state             core.TaskState
	}{
		{"Close orders that were not paid", "0/2 * * * * ?", "/orders/close", core.TaskRunning},
		{"同步库存到仓储系统", "0/3 * * * * ?", "/stock/sync/fail", core.TaskRunning},
		{"每日销售报表", "0 30 1 * * ?", "/reports/daily", core.TaskRunning},
		{"Send invoices", "0 0 6 1 * ?", "/invoices/send", core.TaskRunning},
		{"清理过期优惠券", "0 0 3 * * ?", "/coupons/expire", core.TaskPaused},
		{"Warm the product cache", "0/5 * * * * ?", "/cache/warm", core.TaskRunning},
		{"重建搜索索引", "0 0 2 ? * SUN", "/search/rebuild/slow", core.TaskRunning},
		{"Poll the carrier for parcels that are late", "0 0/10 * * * ?", "/parcels/poll", core.TaskRunning},
		{"月末结算", "0 0 4 L * ?", "/settlement", core.TaskStopped},
		{"Remind of reviews", "0 0 10 ? * MON-FRI", "/reviews/remind", core.TaskRunning},
		{"汇率更新", "0 0/30 * * * ?", "/rates", core.TaskRunning},
		{"Archive old tickets", "0 15 2 * * ?", "/tickets/archive", core.TaskStopped},
	} {
		k := &core.Task{Kind: core.KindHTTP, Title: row.title, Remark: fmt.Sprint("seed ", i), Labels: [][]string{{"shop"}, {"仓储", "nightly"}, nil}[i%3]}
		k.Schedule = core.Schedule{Kind: core.ScheduleCron, Cron: row.cron, Zone: "Asia/Shanghai"}
		k.Callback = &core.Callback{Method: http.MethodPost, URL: "http://shop.example" + row.path, Body: `{"source":"carillon"}`}
		if _, err := s.Manage.Tasks.Create(ctx, admin, k, row.state != core.TaskStopped); err != nil {
			return fmt.Errorf("%s: %w", row.title, err)
		}
		if strings.HasSuffix(row.path, "/slow") {
			if _, err := s.Manage.Tasks.RunOnce(ctx, admin, k.ID); err != nil {
				return err
			}
		}
		if row.state == core.TaskPaused {
			if err := s.Manage.Tasks.Pause(ctx, admin, k.ID); err != nil {
				return err
			}
		}
	}
	return errors.Join(s.seedPlugins(ctx, admin), s.seedFamily(ctx, admin), s.seedDelayed(ctx, admin))
}

// AddUser makes a user by the API.
func (s *Server) AddUser(ctx context.Context, name string, role core.Role) error {
	body := fmt.Sprintf(`{"name":%q,"password":%q,"role":%q,"mustChange":false}`, name, Password, role)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+"/api/v1/users", strings.NewReader(body))
	if err != nil {
		return err
	}
	r.SetBasicAuth("admin", Password)
	r.Header.Set("Content-Type", "application/json")
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = w.Body.Close() }()
	if w.StatusCode != http.StatusCreated {
		return fmt.Errorf("the user %s was not made: %s", name, w.Status)
	}
	return nil
}

// Settle waits until so many runs have ended, so that pages have something to show.
func (s *Server) Settle(ctx context.Context, runs int64) error {
	for {
		counts, err := s.Store.HourlyCounts(ctx, core.DefaultNamespace, time.Now().Add(-48*time.Hour))
		if err != nil {
			return err
		}
		total := int64(0)
		for _, c := range counts {
			total += c.Runs
		}
		if total >= runs {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}
