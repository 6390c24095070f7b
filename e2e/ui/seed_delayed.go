package ui

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/carillonhq/carillon/core"
)

// seedDelayed makes delayed tasks: some that are called at once and succeed or fail, some that wait.
func (s *Server) seedDelayed(ctx context.Context, by *core.User) error {
	for i, row := range []struct {
		app, topic, key, path string
		delay                 time.Duration
	}{
		{"order-service", "order.close", "SO-20261121-0001", "/orders/close", 0},
		{"order-service", "order.close", "SO-20261121-0002", "/orders/close/fail", 0},
		{"订单中心", "超时取消", "DD20261121000317", "/orders/cancel", 30 * time.Minute},
		{"billing", "invoice.remind", "INV-7731", "/invoices/remind", 26 * time.Hour},
		{"parcels", "delivery.check", "PK-90022-CN", "/parcels/check", 3 * time.Hour},
	} {
		d := &core.DelayedTask{SourceApp: row.app, Topic: row.topic, ContentKey: row.key, Due: time.Now().Add(row.delay)}
		d.Callback = core.Callback{
			Method: http.MethodPost, URL: "http://shop.example" + row.path, ContentType: "application/json", Body: fmt.Sprintf(`{"key":%q}`, row.key),
			Headers: []core.Header{{Name: "X-Shop", Value: "main"}},
		}
		d.Retry = core.RetryPolicy{Count: 2, Backoff: core.BackoffLinear, Delay: time.Minute}
		if err := s.Manage.Delayed.Create(ctx, by, d); err != nil {
			return fmt.Errorf("delayed task %d: %w", i, err)
		}
	}
	return nil
}
