package callback

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/carillonhq/carillon/core"
)

// send sends the request and follows redirects. The answer's body is open when there is no error.
//
// The transport is used without http.Client, which copies all headers of each request for the redirect that rarely
// comes. The rules are http.Client's; each hop is dialled through the address policy.
func (a *attempt) send(ctx context.Context, transport http.RoundTripper) (*http.Response, error) {
	limit := a.call.Callback.Redirects
	if limit == 0 {
		limit = core.DefaultRedirects
	}
	limit = min(limit, core.MaxRedirects)
	hop := a.request
	for n := 0; ; n++ {
		resp, err := a.roundTrip(ctx, transport, hop)
		if err != nil || limit < 0 || !redirects(resp) {
			return resp, err
		}
		a.out.Result.Status = resp.StatusCode
		discard(resp.Body, redirectDrain)
		if n == limit {
			return nil, &failure{reason: fmt.Sprintf("redirected more than %d times", limit)}
		}
		if hop, err = hop.redirected(resp, a.request.url); err != nil {
			return nil, err
		}
		a.log("info", clean("redirected by "+statusText(resp.StatusCode)+" to "+hop.method+" "+hop.shown(), maxReason))
	}
}

// roundTrip sends one request and waits for the head of its answer.
func (a *attempt) roundTrip(ctx context.Context, transport http.RoundTripper, r *request) (*http.Response, error) {
	a.progress.phase.Store(phaseConnecting)
	if r.sign != nil {
		if err := r.sign.apply(&r.header, r.body, a.client.now()); err != nil {
			return nil, err
		}
	}
	if a.client.direct.suits(a, r) {
		if resp, err := a.client.direct.roundTrip(ctx, a, r); err != errIndirect { //nolint:errorlint // given as it is
			return resp, err
		}
	}
	if a.watched == nil {
		ctx, a.release = context.WithDeadline(ctx, a.deadline)
		a.watched = a.progress.watch(ctx, a)
	}
	req, err := r.http(a.watched)
	if err != nil {
		return nil, err
	}
	return transport.RoundTrip(req)
}

// redirects says whether the answer points elsewhere. One without a Location is an answer like any other.
func redirects(resp *http.Response) bool {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return resp.Header.Get("Location") != ""
	}
	return false
}

// redirected makes the request that follows a redirect of r. first is the URL of the call.
func (r *request) redirected(resp *http.Response, first *url.URL) (*request, error) {
	location, err := url.Parse(resp.Header.Get("Location"))
	if err != nil {
		return nil, errors.New("redirected to a URL that cannot be read")
	}
	next := *r
	next.url = r.url.ResolveReference(location)
	if !callable(next.url) || next.url.Hostname() == "" {
		return nil, errors.New("redirected to a URL that is not http or https")
	}
	next.url.RawQuery = escapeQuery(next.url.RawQuery)
	next.header = slices.Clone(r.header)
	if location.Host != "" {
		next.host = ""
	}
	keepsBody := resp.StatusCode == http.StatusTemporaryRedirect || resp.StatusCode == http.StatusPermanentRedirect
	if !keepsBody {
		if !bodyless(r.method) {
			next.method = http.MethodGet
		}
		next.body = ""
		next.header.del("Content-Encoding", "Content-Language", "Content-Location", "Content-Type")
	}
	if !trusted(first, next.url) {
		next.header.del("Authorization", "Cookie", "Cookie2", "Proxy-Authorization", "Proxy-Authenticate", "Www-Authenticate")
	}
	return &next, nil
}

// trusted says whether the credentials meant for one URL may go to another: the same host or one below it, as
// http.Client has it, and never out of TLS into plain text.
func trusted(from, to *url.URL) bool {
	if from.Scheme == "https" && to.Scheme == "http" {
		return false
	}
	a, b := strings.ToLower(from.Hostname()), strings.ToLower(to.Hostname())
	if a == b {
		return true
	}
	below, ok := strings.CutSuffix(b, a)
	// A colon or a percent sign means an IPv6 address, which has no names below it.
	return ok && strings.HasSuffix(below, ".") && !strings.ContainsAny(b, ":%")
}
