package chaos

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/carillonhq/carillon/core"
	v1 "github.com/carillonhq/carillon/master/api/v1"
)

// callTimeout is how long a caller waits for an answer before it takes the call for failed.
const callTimeout = 5 * time.Second

// client calls the public API as business systems and administrators do: any master will do.
type client struct {
	bases        []string
	http         *http.Client
	secret       string
	next         atomic.Uint64
	made, failed atomic.Int64
}

func newClient(masters []*node) *client {
	c := &client{
		http:   &http.Client{Timeout: callTimeout, Transport: &http.Transport{MaxIdleConnsPerHost: 32, IdleConnTimeout: 30 * time.Second}},
		secret: core.APISecret("admin", password),
	}
	for _, m := range masters {
		c.bases = append(c.bases, "http://"+m.http)
	}
	return c
}

// any gives one master after another, so that a call which failed is made to another one the next time.
func (c *client) any() string { return c.bases[c.next.Add(1)%uint64(len(c.bases))] }

// object is a JSON object.
type object map[string]any

// json calls the JSON API of some master once. Any answer but success is an error.
func (c *client) json(ctx context.Context, method, path string, body, out any) error {
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return err
		}
	}
	return c.do(ctx, method, c.any()+v1.Base+path, "application/json", text, out)
}

// form calls the form API of some master once and gives the Data of its answer. Any answer but success is an error.
func (c *client) form(ctx context.Context, path string, fields map[string]string) (data string, err error) {
	values := url.Values{}
	for name, value := range fields {
		values.Set(name, value)
	}
	var answer struct {
		Success bool
		Status  int
		Message string
		Data    any
	}
	if err := c.do(ctx, http.MethodPost, c.any()+path, "application/x-www-form-urlencoded", []byte(values.Encode()), &answer); err != nil {
		return "", err
	}
	data, ok := answer.Data.(string)
	if !answer.Success || !ok {
		c.failed.Add(1)
		return "", fmt.Errorf("%s: status %d: %s", path, answer.Status, answer.Message)
	}
	return data, nil
}

func (c *client) do(ctx context.Context, method, target, contentType string, body []byte, out any) (err error) {
	c.made.Add(1)
	defer func() {
		if err != nil {
			c.failed.Add(1)
		}
	}()
	r, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return err
	}
	// An idempotent request would be sent again behind the caller's back.
	r.GetBody = nil
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Accept-Language", "en")
	r.Header["ms_auth_user"], r.Header["ms_auth_secret"] = []string{"admin"}, []string{c.secret}
	resp, err := c.http.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // it is read to its end
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s: %s", method, target, resp.Status, strings.TrimSpace(string(text)))
	}
	if out != nil {
		return json.Unmarshal(text, out)
	}
	return nil
}

// insist makes a call again and again, at one master after another, until one succeeds or ctx ends. It is for calls that may
// be carried out twice.
func insist(ctx context.Context, call func() error) error {
	for try := 0; ; try++ {
		err := call()
		if err == nil {
			return nil
		}
		pause(ctx, backoff(try))
		if ctx.Err() != nil {
			return errors.Join(ctx.Err(), err)
		}
	}
}

// backoff is how long a caller waits after so many calls that failed: from 200 ms to 2 s.
func backoff(try int) time.Duration { return min(200*time.Millisecond<<min(try, 4), 2*time.Second) }

// list reads all pages of a list.
func list[T any](ctx context.Context, c *client, path string) ([]T, error) {
	var all []T
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	for cursor := ""; ; {
		var page v1.Page[T]
		err := insist(ctx, func() error {
			page = v1.Page[T]{}
			return c.json(ctx, http.MethodGet, path+separator+"limit=500&cursor="+cursor, nil, &page)
		})
		if err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if cursor = page.Next; cursor == "" {
			return all, nil
		}
	}
}
