package bench

import (
	"bytes"
	"context"
	"crypto/md5" // #nosec G501 -- the API's secrets are made with it
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	formType = "application/x-www-form-urlencoded"
	jsonType = "application/json"
)

// content is the body of every callback, some 200 bytes.
const content = `{"orderId":"` + markNumber + `","event":"order.payment.expired","amount":12990,"currency":"CNY",` +
	`"customer":"c-1029384756","channel":"mobile","createdAt":"2026-01-31T08:30:00Z","note":"close the order and free its stock"}`

// api speaks to a server's public API as one user.
type api struct {
	base      *url.URL
	user      string
	secret    string
	transport *http.Transport
	// absolute says that the server's setting DelayTask_DelayPattern is Absolute, so that the form API takes due instants.
	absolute bool
}

func newAPI(base, user, password string, transport *http.Transport) (*api, error) {
	u, err := url.Parse(strings.TrimSuffix(base, "/") + "/")
	if err != nil {
		return nil, err
	}
	hash := func(s string) string {
		sum := md5.Sum([]byte(s)) // #nosec G401 -- as above
		return hex.EncodeToString(sum[:])
	}
	return &api{base: u, user: user, secret: hash(user + hash(password) + user), transport: transport}, nil
}

func (a *api) header(contentType string) http.Header {
	return http.Header{
		"Content-Type": {contentType}, "Accept-Language": {"en"}, "Ms_auth_user": {a.user}, "Ms_auth_secret": {a.secret},
	}
}

// creation is how one kind of thing is created.
type creation struct {
	name   string // what the report calls the API
	path   string
	header http.Header
	body   template
	// accepted is in every answer that acknowledges.
	accepted []byte
}

// delayed creates delayed tasks that call the sink once, at their due instants.
func (a *api) delayed(topic, sinkURL string) creation {
	if a.absolute {
		form := url.Values{
			"SourceApp": {"carillon-bench"}, "Topic": {topic}, "ContentKey": {markNumber}, "NotifyUrl": {sinkURL + markNumber},
			"NotifyDataType": {jsonType}, "NotifyBody": {content}, "DelayAbsoluteTime": {markDue},
		}
		return creation{"form", "/api/delaytask/create", a.header(formType), newTemplate(form.Encode()), []byte(`"Success":true`)}
	}
	body := quoted(map[string]any{
		"sourceApp": "carillon-bench", "topic": topic, "contentKey": markNumber, "due": markDue,
		"callback": map[string]string{"method": http.MethodPost, "url": sinkURL + markNumber, "contentType": jsonType, "body": content},
	})
	return creation{"json", "/api/v1/delayed-tasks", a.header(jsonType), newTemplate(body), []byte(`"id"`)}
}

// everySecond creates tasks that call the sink at each whole second from start on, so many times.
func (a *api) everySecond(sinkURL string, start time.Time, seconds int) creation {
	form := url.Values{
		"MetaType": {"2"}, "Title": {"carillon bench " + markNumber}, "RunLoop": {"true"}, "CronExpression": {"* * * * * ?"},
		"StartDate": {start.UTC().Format(dueFormat)}, "RunNow": {"true"},
		// A firing may be due at the end itself.
		"EndDate":        {start.Add(time.Duration(seconds-1) * time.Second).UTC().Format(dueFormat)},
		"HttpRequestUrl": {sinkURL + markNumber}, "HttpMethod": {http.MethodPost}, "HttpContentType": {jsonType}, "HttpBody": {content},
	}
	return creation{"form", "/api/task/create", a.header(formType), newTemplate(form.Encode()), []byte(`"Success":true`)}
}

// client gives the load the posts that create things: number first+i, due at due(i).
func (a *api) client(ctx context.Context, c creation, first int, due func(i int) time.Time) func() func(i int) error {
	target := a.base.JoinPath(c.path)
	return func() func(int) error {
		p := newPoster(ctx, a.transport, target, c.header)
		return func(i int) error {
			p.buf = c.body.appendTo(p.buf[:0], first+i, due(i))
			status, err := p.post()
			switch {
			case err != nil:
				return err
			case status < 200 || status > 299 || !bytes.Contains(p.answer, c.accepted):
				return fmt.Errorf("%s answered %d: %.300s", c.path, status, p.answer)
			}
			return nil
		}
	}
}

// takeAbsolute changes the server's setting so that delayed tasks come with their due instants.
func (a *api) takeAbsolute(ctx context.Context) error {
	const path = "/api/v1/settings"
	body := quoted(map[string]string{"DelayTask_DelayPattern": "Absolute"})
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, a.base.JoinPath(path).String(), strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Header = a.header(jsonType)
	response, err := a.transport.RoundTrip(request)
	if err != nil {
		return err
	}
	defer response.Body.Close() //nolint:errcheck // it was read, or the status is the error
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return err
	}
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return fmt.Errorf("%s answered %d: %.300s", path, response.StatusCode, answer)
	}
	a.absolute = true
	return nil
}

// quoted is v in JSON. It is given maps of strings only, which cannot fail.
func quoted(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}
