package bench

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// maxBare bounds the posts of one measurement of the bare client.
const maxBare = 1 << 18

// bare posts the callbacks' bodies straight to the sink, and gives the rate a second.
func (r *runner) bare(ctx context.Context) (float64, error) {
	if _, err := r.bareFor(ctx, r.pace.bareWarm); err != nil {
		return 0, err
	}
	return r.bareFor(ctx, r.pace.bare)
}

func (r *runner) bareFor(ctx context.Context, d time.Duration) (float64, error) {
	target, err := url.Parse(r.sink.url)
	if err != nil {
		return 0, err
	}
	l := r.sink.open(maxBare, 1, time.Time{})
	body := newTemplate(content)
	header := http.Header{"Content-Type": {jsonType}}
	t := load{clients: r.Clients, count: maxBare, until: time.Now().Add(d), client: func() func(int) error {
		p := newPoster(ctx, r.transport, target, header)
		return func(i int) error {
			p.request.URL.Path = sinkPath + strconv.Itoa(l.first+i)
			p.buf = body.appendTo(p.buf[:0], l.first+i, time.Time{})
			status, err := p.post()
			if err == nil && status != http.StatusOK {
				err = fmt.Errorf("the sink answered %d", status)
			}
			return err
		}
	}}.run(ctx)
	switch {
	case ctx.Err() != nil:
		return 0, context.Cause(ctx)
	case t.failed > 0:
		return 0, fmt.Errorf("the bare client failed: %w", t.first)
	case int(l.arrived.Load()) != t.done:
		return 0, fmt.Errorf("the sink noted %d of the bare client's %d posts", l.arrived.Load(), t.done)
	}
	return t.perSecond(), nil
}
