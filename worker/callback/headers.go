package callback

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/carillonhq/carillon/core"
)

// The context headers, in the spelling that package http sends them in.
const (
	headerIdempotencyKey = "Idempotency-Key"
	headerRunID          = "Carillon-Run-Id"
	headerAttempt        = "Carillon-Attempt"
	headerDue            = "Carillon-Due"
	headerTrigger        = "Carillon-Trigger"
	headerTaskID         = "Carillon-Task-Id"
	headerDelayedID      = "Carillon-Delayed-Id"
	headerParentResult   = "Carillon-Parent-Result"
	headerShardIndex     = "Carillon-Shard-Index"
	headerShardTotal     = "Carillon-Shard-Total"
	headerTraceparent    = "Traceparent"

	ownPrefix = "Carillon-"
)

// setHeaders fills in the headers of a call's first request.
func (c *Client) setHeaders(r *request, call *Call, fill *template, contentType string) error {
	cb := &call.Callback
	h := make(fields, 0, len(cb.Headers)+16)
	h.add("User-Agent", c.userAgent)
	if contentType != "" {
		h.add("Content-Type", contentType)
	}
	for _, own := range cb.Headers {
		name := http.CanonicalHeaderKey(own.Name)
		if reserved(name) {
			continue
		}
		value := fill.header(own.Value)
		if !headerSafe(value) {
			return permanent(fmt.Sprintf("the header %s holds a character that a header cannot carry", name))
		}
		switch name {
		case "Host":
			r.host = value
		case "Content-Type", "User-Agent":
			h.set(name, value)
		default:
			h.add(name, value)
		}
	}
	if user := r.url.User; user != nil && !h.has("Authorization") {
		password, _ := user.Password()
		h.add("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password)))
	}
	h.add(headerIdempotencyKey, call.occurrence())
	h.add(headerRunID, call.RunID)
	h.add(headerAttempt, strconv.Itoa(call.Attempt))
	h.add(headerDue, dueText(call.Due))
	h.add(headerTrigger, call.Trigger)
	if call.DelayedID != "" {
		h.add(headerDelayedID, call.DelayedID)
	} else {
		h.add(headerTaskID, call.TaskID)
	}
	if call.Shards > 0 {
		h.add(headerShardIndex, strconv.Itoa(call.Shard))
		h.add(headerShardTotal, strconv.Itoa(call.Shards))
	}
	h.add(headerTraceparent, traceparent(call.occurrence(), call.RunID))
	if call.HasParent {
		h.add(headerParentResult, encodeResult(call.ParentResult))
	}
	r.header = h
	return nil
}

// reserved says that a task's own header of this name is not sent: Carillon speaks there itself, or it would break the
// framing of the request (RFC 9110, section 7.6.1).
func reserved(name string) bool {
	switch name {
	case headerIdempotencyKey, headerTraceparent, timeoutHeader,
		"Connection", "Content-Length", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade":
		return true
	}
	return strings.HasPrefix(name, ownPrefix)
}

// occurrence is the idempotency key of the call.
func (c *Call) occurrence() string {
	if c.OccurrenceID == "" {
		return c.RunID
	}
	return c.OccurrenceID
}

// traceparent is the W3C trace context of a run: the trace is the occurrence's id, the span the end of the run's, where
// ids of runs due at the same instant differ.
func traceparent(occurrence, run string) string {
	var b [55]byte
	copy(b[:], "00-")
	copyHex(b[3:35], occurrence)
	b[35] = '-'
	var span [32]byte
	copyHex(span[:], run)
	copy(b[36:52], span[16:])
	copy(b[52:], "-01")
	return string(b[:])
}

// copyHex writes the 32 digits of a UUID; of a hash of id when it is none, or when its second half, which makes a span
// id, is all zero: trace context forbids such ids.
func copyHex(dst []byte, id string) {
	digits := strings.ReplaceAll(id, "-", "")
	if len(digits) != len(dst) || strings.Trim(digits, "0123456789abcdef") != "" || strings.Trim(digits[16:], "0") == "" {
		sum := sha256.Sum256([]byte(id))
		hex.Encode(dst, sum[:16])
		return
	}
	copy(dst, digits)
}

// encodeResult percent-encodes a parent's result for a header and cuts it to core.MaxParentResult bytes.
func encodeResult(result []byte) string {
	b := make([]byte, 0, min(len(result), core.MaxParentResult))
	for len(result) > 0 {
		_, size := utf8.DecodeRune(result)
		before := len(b)
		for _, c := range result[:size] {
			// Blanks at either end would be trimmed off the header (RFC 9110, section 5.5).
			edge := c == ' ' && (before == 0 || len(result) == size)
			if c < ' ' || c >= 0x7f || c == '%' || edge {
				b = appendEscaped(b, c)
			} else {
				b = append(b, c)
			}
		}
		if len(b) > core.MaxParentResult {
			return strings.TrimRight(string(b[:before]), " ")
		}
		result = result[size:]
	}
	return string(b)
}

func appendEscaped(b []byte, c byte) []byte {
	const digits = "0123456789ABCDEF"
	return append(b, '%', digits[c>>4], digits[c&15])
}

// headerSafe says whether a header may carry s (RFC 9110, section 5.5): no control character but the tab.
func headerSafe(s string) bool {
	for i := range len(s) {
		if isControl(s[i]) {
			return false
		}
	}
	return true
}

func isControl(c byte) bool { return c < ' ' && c != '\t' || c == 0x7f }

// stripControls takes out what headerSafe refuses.
func stripControls(s string) string {
	if headerSafe(s) {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := range len(s) {
		if !isControl(s[i]) {
			b = append(b, s[i])
		}
	}
	return string(b)
}
