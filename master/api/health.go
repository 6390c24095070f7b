package api

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	v1 "github.com/carillonhq/carillon/master/api/v1"
)

// readyTimeout bounds the check behind /ready: a probe that hears nothing learns less than one that hears "no".
const readyTimeout = 3 * time.Second

// Health is the answer of /health and /ready.
type Health struct {
	Status string `json:"status"` // ok or unavailable
	// Reasons say why it is unavailable, a line each.
	Reasons []string `json:"reasons,omitempty"`
}

// registerHealth adds what is served to everybody: whether the process is alive, whether it can serve, its metrics, and a
// page that names it.
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
	page := fmt.Appendf(nil, pageFormat, html.EscapeString(o.Version), v1.Base)
	r.GET("/", func(c *gin.Context) { c.Data(http.StatusOK, "text/html; charset=utf-8", page) })
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

const pageFormat = `<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<title>Carillon</title>
<h1>Carillon %s</h1>
<p>Fires HTTP callbacks and plugin executables at the right moment.</p>
<ul>
<li><a href="%s/openapi.yaml">the JSON API</a>
<li><a href="/health">health</a>, <a href="/ready">readiness</a>, <a href="/metrics">metrics</a>
</ul>
</html>
`
