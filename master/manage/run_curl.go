package manage

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/carillonhq/carillon/core"
)

// Curl is a command for a POSIX shell that sends a run's request, and what it lacks of that.
type Curl struct {
	Command string
	// Masked says that *** stands for what who asks may not see. Unsigned says that the request carries a signature, which the
	// command does not make. Unfilled says that the command has templates which are filled in as the request is sent.
	Masked, Unsigned, Unfilled bool
}

// curlOf writes the command. The callback is as who asks may see it.
func curlOf(cb *core.Callback, r *core.Run, masked bool) *Curl {
	address, called := cb.URL, false
	if method, sent, ok := strings.Cut(r.Result.Request, " "); ok && method == cb.Method {
		// As it was, with its templates filled in; but a password has been taken out.
		address, called = sent, true
		if _, info, _ := core.CutUserInfo(cb.URL); info != "" {
			before, _, after := core.CutUserInfo(sent)
			address = before + info + after
		}
	}
	parts := []string{"curl"}
	add := func(option, value string) { parts = append(parts, option+" "+quoted(value)) }
	switch {
	case cb.Method == http.MethodHead:
		parts = append(parts, "--head")
	default:
		parts = append(parts, "--request "+cb.Method)
	}
	// Braces and brackets would be patterns to curl.
	parts = append(parts, "--globoff", quoted(address))
	switch {
	case hasHeader(cb, "Content-Type"):
	case cb.ContentType != "":
		add("--header", "Content-Type: "+cb.ContentType)
	case cb.Body != "" && len(cb.Form) == 0:
		add("--header", "Content-Type:") // else curl would name one of its own
	}
	for _, h := range cb.Headers {
		if h.Value == "" {
			add("--header", h.Name+";") // which is how curl is told of a header without a value
			continue
		}
		add("--header", h.Name+": "+h.Value)
	}
	add("--header", "Idempotency-Key: "+r.OccurrenceID)
	parts = append(parts, curlBody(cb, called)...)
	if cb.TLS.InsecureSkipVerify {
		parts = append(parts, "--insecure")
	}
	if cb.Timeout > 0 {
		parts = append(parts, "--max-time "+strconv.FormatFloat(cb.Timeout.Seconds(), 'f', -1, 64))
	}
	if cb.Redirects >= 0 {
		redirects := cb.Redirects
		if redirects == 0 {
			redirects = core.DefaultRedirects
		}
		parts = append(parts, fmt.Sprintf("--location --max-redirs %d", redirects))
	}
	command := strings.Join(parts, " \\\n  ")
	return &Curl{
		Command: command, Masked: strings.Contains(command, core.Masked) && masked, Unsigned: cb.Secret != "",
		Unfilled: strings.Contains(command, "{{"),
	}
}

// curlBody is the part of a command that says what is sent. The form of a GET stands in the URL of a request that was sent.
func curlBody(cb *core.Callback, called bool) []string {
	var parts []string
	switch {
	case len(cb.Form) > 0 && cb.Method == http.MethodGet && called:
	case len(cb.Form) > 0:
		if cb.Method == http.MethodGet {
			parts = append(parts, "--get")
		}
		for _, p := range cb.Form {
			parts = append(parts, "--data-urlencode "+quoted(p.Key+"="+p.Value))
		}
	case cb.Body != "":
		parts = append(parts, "--data-raw "+quoted(cb.Body))
	}
	return parts
}

func hasHeader(cb *core.Callback, name string) bool {
	for _, h := range cb.Headers {
		if strings.EqualFold(h.Name, name) {
			return true
		}
	}
	return false
}

// quoted is a text as one word of a POSIX shell, in which nothing in it has a meaning.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
