package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// newTransport makes the client that everything is posted by, kept-alive connections for as many as post at once.
func newTransport(clients int) *http.Transport {
	return &http.Transport{
		MaxIdleConnsPerHost: clients, DisableCompression: true, ResponseHeaderTimeout: time.Minute, IdleConnTimeout: time.Minute,
	}
}

// maxAnswer is how much of an answer is kept, in bytes; a longer one is an error.
const maxAnswer = 64 << 10

// poster posts one request after another, always to the same host, and reuses what it can: the benchmark takes from the
// server's share of the machine as little as it can.
type poster struct {
	transport http.RoundTripper
	request   *http.Request
	body      bytes.Reader
	closer    io.ReadCloser
	buf       []byte // body of the request
	answer    []byte
}

func newPoster(ctx context.Context, transport http.RoundTripper, target *url.URL, header http.Header) *poster {
	u := *target
	p := &poster{transport: transport, answer: make([]byte, 0, 1<<10)}
	// This very type tells package http that the body is in memory, so that it goes out in one write with the headers.
	p.closer = io.NopCloser(&p.body)
	p.request = (&http.Request{Method: http.MethodPost, URL: &u, Host: u.Host, Header: header}).WithContext(ctx)
	p.request.GetBody = func() (io.ReadCloser, error) {
		p.body.Reset(p.buf)
		return p.closer, nil
	}
	return p
}

// post sends p.buf and reads the answer into p.answer. The request may be reused afterwards, because the answer was read
// to its end.
func (p *poster) post() (status int, err error) {
	p.body.Reset(p.buf)
	p.request.Body, p.request.ContentLength = p.closer, int64(len(p.buf))
	response, err := p.transport.RoundTrip(p.request)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, response.Body.Close()) }()
	p.answer = p.answer[:0]
	for {
		if len(p.answer) == cap(p.answer) {
			if len(p.answer) >= maxAnswer {
				return response.StatusCode, fmt.Errorf("the answer has more than %d bytes", maxAnswer)
			}
			p.answer = append(p.answer, 0)[:len(p.answer)]
		}
		n, err := response.Body.Read(p.answer[len(p.answer):cap(p.answer)])
		p.answer = p.answer[:len(p.answer)+n]
		if errors.Is(err, io.EOF) {
			return response.StatusCode, nil
		}
		if err != nil {
			return response.StatusCode, err
		}
	}
}
