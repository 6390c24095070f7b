package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/carillonhq/carillon/e2e/chaos/evidence"
	v1 "github.com/carillonhq/carillon/master/api/v1"
)

const (
	// maxUnderWay is how many creations may wait for their answers at once. Beyond that callers hold back.
	maxUnderWay = 500
	// delayRetries and retryDelay are the retries of delayed tasks.
	delayRetries = 2
	retryDelay   = time.Second
)

// delayedLoad creates delayed tasks at a steady rate. Half of its callers use the form API and leave alone a creation that was
// not answered, to make another; half use the JSON API and repeat it under its idempotency key until it is.
type delayedLoad struct {
	*client
	*ledger
	*rand.Rand
	sink string
}

func newDelayedLoad(c *client, l *ledger, seed uint64, sink string) *delayedLoad {
	return &delayedLoad{client: c, ledger: l, Rand: newRand(seed, 3), sink: sink}
}

// set has the cluster's settings be what the creations rely on.
func (l *delayedLoad) set(ctx context.Context) error {
	return l.json(ctx, http.MethodPut, "/settings", object{
		"DelayTask_RetryTimes": delayRetries, "DelayTask_RetrySpans": int(retryDelay.Seconds()), "DelayTask_DelayPattern": "Relative",
		"Retention_RunsPerTask": 0, "Http_RequestTimeout": callbackTimeout,
	}, nil)
}

// run creates delayed tasks until ctx ends. It returns when all that were asked for were answered or given up.
func (l *delayedLoad) run(ctx context.Context, rate int) {
	var underWay sync.WaitGroup
	defer underWay.Wait()
	room := make(chan struct{}, maxUnderWay)
	tick := time.NewTicker(time.Second / time.Duration(rate))
	defer tick.Stop()
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		d := l.draw(n)
		create := l.createByKey
		if n%2 == 0 {
			create = l.createByForm
		}
		select {
		case room <- struct{}{}:
		default:
			continue
		}
		underWay.Go(func() {
			defer func() { <-room }()
			create(ctx, d)
		})
	}
}

// draw draws a delayed task: due at once, within the horizon of planning, or beyond it.
func (l *delayedLoad) draw(n int) evidence.Delayed {
	d := evidence.Delayed{Key: strconv.Itoa(n), Path: "/ok", Retries: delayRetries}
	milliseconds := 100 + l.IntN(1900)
	switch share := l.IntN(10); {
	case share >= 8:
		milliseconds = 15_000 + l.IntN(7000)
	case share >= 3:
		milliseconds = 2000 + l.IntN(12_000)
	}
	d.Delay = time.Duration(milliseconds) * time.Millisecond
	switch share := l.IntN(100); {
	case share < 10:
		d.Path = fmt.Sprintf("/slow/%d", 200+l.IntN(1800))
	case share < 14:
		d.Path = "/bad"
	case share < 19:
		d.Path = "/flaky"
	case share < 21 && n%2 == 1:
		d.Path = "/hang"
	case share < 23:
		d.Path = "/reset"
	case share < 25:
		d.Path = lasting(l.Rand)
	}
	return d
}

// createByKey asks for a delayed task over the JSON API, again and again until it is answered.
func (l *delayedLoad) createByKey(ctx context.Context, d evidence.Delayed) {
	body := object{
		"sourceApp": "chaos", "topic": "json", "contentKey": d.Key, "delay": d.Delay.String(), "idempotencyKey": d.Key,
		"callback": object{"method": "POST", "url": l.sink + d.Path, "timeout": timeoutOf(d.Path), "body": "{}"},
		"retry":    object{"count": d.Retries, "delay": retryDelay.String()},
	}
	d.Asked, d.Answer = time.Now(), evidence.Acknowledged
	var created v1.DelayedCreated
	err := insist(ctx, func() error {
		d.Tries++
		return l.json(ctx, http.MethodPost, "/delayed-tasks", body, &created)
	})
	if d.Answered = time.Now(); err != nil {
		d.Answer = evidence.Unclear
	}
	d.ID = created.ID
	l.addDelayed(d)
}

// createByForm asks for a delayed task over the form API, and for another one in its place when that was not answered.
func (l *delayedLoad) createByForm(ctx context.Context, d evidence.Delayed) {
	key := d.Key
	for n := 1; ; n++ {
		d.Key = fmt.Sprintf("%s.%d", key, n)
		d.Asked, d.Answer, d.Tries = time.Now(), evidence.Acknowledged, 1
		id, err := l.form(ctx, "/api/delaytask/create", map[string]string{
			"SourceApp": "chaos", "Topic": "form", "ContentKey": d.Key, "DelayTimeSpan": fmt.Sprint(d.Delay.Seconds()),
			"NotifyUrl": l.sink + d.Path, "NotifyDataType": "application/json", "NotifyBody": "{}",
		})
		if d.ID, d.Answered = id, time.Now(); err != nil {
			d.Answer = evidence.Unclear
		}
		l.addDelayed(d)
		if err == nil || ctx.Err() != nil {
			return
		}
		pause(ctx, backoff(n-1))
	}
}
