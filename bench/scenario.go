package bench

import (
	"context"
	"fmt"
	"time"
)

// delayedOrder is an order of delayed tasks.
func (r *runner) delayedOrder(topic string, count int, span time.Duration, offset func(i int) time.Duration) order {
	return order{count: count, seconds: 1, span: span, offset: offset, creation: func(a *api, _ time.Time) creation {
		return a.delayed(topic, r.sink.url)
	}}
}

// cronOrder is an order of tasks that fire every second.
func (r *runner) cronOrder(count, seconds int) order {
	return order{count: count, seconds: seconds, span: time.Duration(seconds) * time.Second, offset: atOnce, creation: func(a *api, start time.Time) creation {
		return a.everySecond(r.sink.url, start, seconds)
	}}
}

// ordered is a scenario that consists of one order, after a warm-up with another.
func (r *runner) ordered(kind Scenario, title string, warm, o order) scenario {
	return scenario{kind, title, func(ctx context.Context, srv *server, result *Result) error {
		p, err := r.fulfil(ctx, srv, warm, o)
		if err == nil {
			result.Creations, result.Callbacks = p.creations(), p.callbacks()
		}
		return err
	}}
}

func (r *runner) warmDelayed(count int) order {
	return r.delayedOrder("warm-up", min(max(count/10, warmAtLeast), warmDelayed), 0, atOnce)
}

// burst is many delayed tasks that are all due at one instant.
func (r *runner) burst() scenario {
	title := fmt.Sprintf("%d delayed tasks, all due at one instant", r.Count)
	return r.ordered(ScenarioBurst, title, r.warmDelayed(r.Count), r.delayedOrder("burst", r.Count, 0, atOnce))
}

// steady is so many delayed tasks due in each second.
func (r *runner) steady(shape Shape) scenario {
	title := fmt.Sprintf("%d callbacks due at each whole second for %d s", r.Rate, r.Seconds)
	if shape == ShapeSpread {
		title = fmt.Sprintf("%d callbacks a second, due evenly over it, for %d s", r.Rate, r.Seconds)
	}
	count := r.Rate * r.Seconds
	o := r.delayedOrder("steady", count, time.Duration(r.Seconds)*time.Second, r.offset(shape))
	return r.ordered(ScenarioSteady, title, r.warmDelayed(count), o)
}

// offset says how long after the first due instant callback i of ScenarioSteady is due, in whole microseconds, as instants
// are kept.
func (r *runner) offset(shape Shape) func(i int) time.Duration {
	if shape == ShapeWhole {
		return func(i int) time.Duration { return time.Duration(i/r.Rate) * time.Second }
	}
	return func(i int) time.Duration {
		return time.Duration(int64(i)*time.Second.Microseconds()/int64(r.Rate)) * time.Microsecond
	}
}

// cron is many tasks that fire every second.
func (r *runner) cron() scenario {
	title := fmt.Sprintf("%d tasks that fire every second, for %d s", r.Tasks, r.Seconds)
	warm := r.cronOrder(min(max(r.Tasks/10, warmAtLeast), warmTasks), 2)
	return r.ordered(ScenarioCron, title, warm, r.cronOrder(r.Tasks, r.Seconds))
}
