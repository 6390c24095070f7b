package duty

import (
	"context"
	"log/slog"
	"time"
)

// promptPause is the shortest time between two runs that were asked for. However often something is asked for, it is done
// at most twenty times in a second.
const promptPause = 50 * time.Millisecond

// Prompt is a duty that is also done when somebody asks for it, between its periodic runs: at once, or once more after the
// run under way, which may have looked too early. Many who ask at about the same time are served by one run.
type Prompt struct {
	duty  Duty
	log   *slog.Logger
	asked chan struct{} // holds at most one asking
	turn  chan struct{} // holds the run under way
}

// NewPrompt makes a prompt of a duty. Its Loop does the runs that are asked for, its Duty the periodic ones.
func NewPrompt(d Duty, log *slog.Logger) *Prompt {
	return &Prompt{duty: d, log: log, asked: make(chan struct{}, 1), turn: make(chan struct{}, 1)}
}

// Duty is the duty, which waits for a run that was asked for.
func (p *Prompt) Duty() Duty {
	d := p.duty
	d.Run = p.runOnce
	return d
}

// Ask has the duty done soon. It never blocks.
func (p *Prompt) Ask() {
	select {
	case p.asked <- struct{}{}:
	default:
	}
}

// Loop does the duty when it is asked for, until ctx ends.
func (p *Prompt) Loop(ctx context.Context) {
	for {
		select {
		case <-p.asked:
		case <-ctx.Done():
			return
		}
		do(ctx, p.log, p.Duty())
		pause := time.NewTimer(promptPause)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return
		}
	}
}

func (p *Prompt) runOnce(ctx context.Context) error {
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
		return p.duty.Run(ctx)
	case <-ctx.Done():
		return ctx.Err()
	}
}
