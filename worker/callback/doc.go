// Package callback performs one attempt of an HTTP callback: it builds the request, sends it, reads the answer and
// judges it. It knows nothing of queues, retries and masters: each call ends in one core.Outcome.
//
// # What a target sees
//
// Every request, and every request that follows a redirect, carries these headers. A task's own headers cannot replace
// them.
//
//	Idempotency-Key         id of the occurrence: the same for the first attempt, its retries and a repeat after a crash
//	Carillon-Run-Id         id of the run: another one for each attempt
//	Carillon-Attempt        number of the attempt, from 1
//	Carillon-Due            due instant, RFC 3339, UTC
//	Carillon-Trigger        why the run exists: schedule, delayed, manual, parent, retry or replay
//	Carillon-Task-Id        id of the task, or
//	Carillon-Delayed-Id     id of the delayed task
//	Carillon-Parent-Result  what the parent's run answered, when there is a parent
//	traceparent             W3C trace context: one trace for the occurrence, one span for the run
//	webhook-id, webhook-timestamp, webhook-signature
//	                        Standard Webhooks signature, when the callback has a secret
//
// Carillon-Parent-Result is percent-encoded: bytes outside visible ASCII and the space, and the percent sign itself, are
// written as %XX, so decoding the value always gives the parent's bytes back. It holds at most core.MaxParentResult
// bytes as sent; a longer result is cut between two characters.
//
// # Templates
//
// {{parent.result}} (only when there is a parent), {{run.id}}, {{run.due}}, {{run.attempt}} and {{occurrence.id}} are
// filled in within the URL, header values, the body and form values. In the path of a URL the value is path-escaped, in its
// query query-escaped; in a header it loses its control characters; in a body it stands as it is, also inside JSON,
// where it fits if the result is JSON itself. Any other {{…}} is left alone, because it may be the target's own.
//
// # Repeats within an attempt
//
// When a pooled connection turns out to be closed before the target said anything, the request is sent again on a new
// one, as every Go HTTP client does; Idempotency-Key tells the target.
//
// # Two ways
//
// Most callbacks are small requests without TLS. They are performed in the goroutine of the call, which halves what a
// callback costs a worker (direct.go). Package http's transport has all others: TLS and HTTP/2, proxies, large requests,
// requests on a connection of their own. A target sees the same of either.
package callback
