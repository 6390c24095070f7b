package problem

import (
	"crypto/rand"
	"encoding/hex"
	"strings"

	"github.com/gin-gonic/gin"
)

const traceKey = "carillon.trace"

// TraceID gives the id that the request's log lines and answer carry: the trace id of its traceparent header (W3C Trace
// Context) or, without one, 16 random bytes in hexadecimal digits, the same at each call.
func TraceID(c *gin.Context) string {
	if id := c.GetString(traceKey); id != "" {
		return id
	}
	id, ok := parentTrace(c.GetHeader("traceparent"))
	if !ok {
		var b [16]byte
		_, _ = rand.Read(b[:]) // crypto/rand never fails: it ends the process rather
		id = hex.EncodeToString(b[:])
	}
	c.Set(traceKey, id)
	return id
}

// parentTrace reads the trace id out of version-traceid-parentid-flags.
func parentTrace(header string) (string, bool) {
	parts := strings.Split(header, "-")
	if len(parts) < 4 || len(parts[0]) != 2 || len(parts[1]) != 32 || parts[1] == strings.Repeat("0", 32) || strings.ToLower(parts[1]) != parts[1] {
		return "", false
	}
	_, err := hex.DecodeString(parts[1])
	return parts[1], err == nil
}
