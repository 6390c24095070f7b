package api

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/carillonhq/carillon/store"
)

// readyTimeout bounds the check behind /ready: a probe that hears nothing learns less than one that hears "no".
const readyTimeout = 3 * time.Second

// Health is the answer of /health and /ready.
type Health struct {
	Status string `json:"status"` // ok or unavailable
	// Reasons say why it is unavailable, a line each. Anybody may read them, so they name no host and no user.
	Reasons []string `json:"reasons,omitempty"`
}

// registerHealth adds what is served to everybody: whether the process is alive, whether it can serve, and its metrics.
func registerHealth(r gin.IRouter, o Options) {
	r.GET("/health", func(c *gin.Context) { writeHealth(c, http.StatusOK, Health{Status: "ok"}) })
	var told saidOnce
	r.GET("/ready", func(c *gin.Context) {
		ctx, cancel := context.WithTimeout(c.Request.Context(), readyTimeout)
		defer cancel()
		err := o.Ready(ctx)
		told.tell(c.Request.Context(), o.Logger, err)
		if err != nil {
			c.Header("Retry-After", "1")
			writeHealth(c, http.StatusServiceUnavailable, Health{Status: "unavailable", Reasons: reasons(o.Store, err)})
			return
		}
		writeHealth(c, http.StatusOK, Health{Status: "ok"})
	})
	if o.Metrics != nil {
		r.GET("/metrics", gin.WrapH(o.Metrics))
	}
}

// saidOnce logs why the master is not ready once, and not at each of the probes that come every few seconds.
type saidOnce struct {
	mu   sync.Mutex
	last string
}

func (s *saidOnce) tell(ctx context.Context, log *slog.Logger, err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	s.mu.Lock()
	known := s.last == text
	s.last = text
	s.mu.Unlock()
	if err != nil && !known {
		log.WarnContext(ctx, "not ready", "error", err)
	}
}

// reasons takes joined errors apart. What the database's driver says is for the log alone.
func reasons(s *store.Store, err error) []string {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		if f, ok := errors.AsType[*store.Failure](err); ok {
			return []string{s.Plainly(f)}
		}
		return []string{err.Error()}
	}
	var all []string
	for _, e := range joined.Unwrap() {
		all = append(all, reasons(s, e)...)
	}
	return all
}

func writeHealth(c *gin.Context, status int, h Health) {
	body, err := json.Marshal(h)
	if err != nil {
		panic("api: " + err.Error()) // a Health holds nothing that JSON cannot say
	}
	c.Data(status, "application/json", body)
}
