package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

// readyTimeout bounds the check behind /ready: a probe that hears nothing learns less than one that hears "no".
const readyTimeout = 3 * time.Second

// Health is the answer of /health and /ready.
type Health struct {
	Status string `json:"status"` // ok or unavailable
	// Reasons say why it is unavailable, a line each.
	Reasons []string `json:"reasons,omitempty"`
}

// registerHealth adds what is served to everybody: whether the process is alive, whether it can serve, and its metrics.
func registerHealth(r gin.IRouter, o Options) {
	r.GET("/health", func(c *gin.Context) { writeHealth(c, http.StatusOK, Health{Status: "ok"}) })
	r.GET("/ready", func(c *gin.Context) {
		ctx, cancel := context.WithTimeout(c.Request.Context(), readyTimeout)
		defer cancel()
		if err := o.Ready(ctx); err != nil {
			c.Header("Retry-After", "1")
			writeHealth(c, http.StatusServiceUnavailable, Health{Status: "unavailable", Reasons: reasons(err)})
			return
		}
		writeHealth(c, http.StatusOK, Health{Status: "ok"})
	})
	if o.Metrics != nil {
		r.GET("/metrics", gin.WrapH(o.Metrics))
	}
}

// reasons takes joined errors apart.
func reasons(err error) []string {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []string{err.Error()}
	}
	var all []string
	for _, e := range joined.Unwrap() {
		all = append(all, reasons(e)...)
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
