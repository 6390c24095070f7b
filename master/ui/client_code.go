package ui

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/carillonhq/carillon/core"
	v1 "github.com/carillonhq/carillon/master/api/v1"
)

const clientCodePath = apiDocsPath + "/client"

// clientCall is one call of an API, for which code is written.
type clientCall struct {
	URL  string
	Form bool     // it is one of the form API, with its headers; otherwise of the JSON API, with a token
	Body string   // JSON; empty for none
	Data []option // of the form API: the fields
}

type clientCodeView struct {
	*View
	Form     *form
	Chosen   string // what the code is for
	Actions  []option
	Snippets []snippet
	Task     bool // a task was chosen, not a delayed task
}

// showClientCode shows the code by which a program runs or moves a task, or makes a delayed task like one that there is.
func (u *UI) showClientCode(r *request) error {
	q := r.Request.URL.Query()
	f := newForm("task", strings.TrimSpace(q.Get("task")), "delayed", strings.TrimSpace(q.Get("delayed")), "action", cmp.Or(q.Get("action"), "run"), "api", cmp.Or(q.Get("api"), "json"))
	v := clientCodeView{Form: f}
	for _, name := range []string{"run", "start", "stop", "pause", "resume"} {
		v.Actions = append(v.Actions, option{name, r.text(name)})
	}
	call, err := u.clientCall(r, &v)
	if err != nil && !f.takes(err) && core.CodeOf(err) != core.CodeNotFound {
		return err
	}
	if core.CodeOf(err) == core.CodeNotFound {
		f.refuse = core.Broken(v.missing(), "there is none with this id")
	}
	if err == nil {
		if v.Snippets, err = snippets(call); err != nil {
			return err
		}
	}
	r.under(r.text("API"), apiDocsPath)
	v.View = r.view(r.text("Client code"))
	return r.show("client-code", f.status(), v)
}

// missing is the field that names what there is not.
func (v *clientCodeView) missing() string {
	if v.Task {
		return "task"
	}
	return "delayed"
}

// clientCall is the call that the form of the page asks for.
func (u *UI) clientCall(r *request, v *clientCodeView) (clientCall, error) {
	ctx, base, byForm := r.Request.Context(), r.server(), v.Form.Value("api") == "form"
	if id := v.Form.Value("task"); id != "" {
		v.Task = true
		t, err := u.Manage.Tasks.Get(ctx, id)
		if err != nil {
			return clientCall{}, err
		}
		v.Chosen = t.Title
		return taskCall(base, t.ID, v.action(), byForm), nil
	}
	d := &core.DelayedTask{SourceApp: "shop", Topic: "order-timeout", ContentKey: "ORDER-1001"}
	d.Callback = core.Callback{Method: http.MethodPost, URL: "https://shop.example/orders/timeout", ContentType: "application/json", Body: `{"order":"ORDER-1001"}`}
	if id := v.Form.Value("delayed"); id != "" {
		var err error
		if d, err = u.Manage.Delayed.Get(ctx, id); err != nil {
			return clientCall{}, err
		}
		v.Chosen = d.SourceApp + " / " + d.Topic + " / " + d.ContentKey
	}
	return delayedCall(base, d, byForm)
}

// action is what is to be done with the task: one of those that are offered.
func (v *clientCodeView) action() string {
	for _, o := range v.Actions {
		if o.Value == v.Form.Value("action") {
			return o.Value
		}
	}
	return v.Actions[0].Value
}

func taskCall(base, id, action string, byForm bool) clientCall {
	if !byForm {
		return clientCall{URL: base + "/api/v1/tasks/" + url.PathEscape(id) + "/" + action}
	}
	if action == "run" {
		action = "runonce"
	}
	return clientCall{URL: base + "/api/task/" + action, Form: true, Data: []option{{"id", id}}}
}

// clientDelay is the delay that the code asks for, in seconds.
const clientDelay = "1800"

// delayedCall makes a delayed task like d, due in half an hour. The values of its headers and its secret are not shown: the
// code that made it has them.
func delayedCall(base string, d *core.DelayedTask, byForm bool) (clientCall, error) {
	cb := d.Callback
	target := core.MaskUserInfo(cb.URL)
	if byForm {
		media, sent := cmp.Or(cb.ContentType, "application/json"), cb.Body
		if len(cb.Form) > 0 {
			var err error
			media = "application/x-www-form-urlencoded"
			if sent, err = plainJSON(cb.Form); err != nil {
				return clientCall{}, err
			}
		}
		fields := []option{
			{"SourceApp", d.SourceApp}, {"Topic", d.Topic}, {"ContentKey", d.ContentKey}, {"DelayTimeSpan", clientDelay},
			{"NotifyUrl", target}, {"NotifyDataType", media}, {"NotifyBody", sent},
		}
		for _, name := range d.Executors {
			fields = append(fields, option{"Executors", name})
		}
		return clientCall{URL: base + "/api/delaytask/create", Form: true, Data: fields}, nil
	}
	type callback struct {
		Method      string            `json:"method"`
		URL         string            `json:"url"`
		ContentType string            `json:"contentType,omitempty"`
		Body        string            `json:"body,omitempty"`
		Form        []v1.Param        `json:"form,omitempty"`
		Success     *core.SuccessRule `json:"success,omitempty"`
	}
	body := struct {
		SourceApp  string   `json:"sourceApp"`
		Topic      string   `json:"topic"`
		ContentKey string   `json:"contentKey"`
		Delay      string   `json:"delay"`
		Callback   callback `json:"callback"`
		Executors  []string `json:"executors,omitempty"`
	}{d.SourceApp, d.Topic, d.ContentKey, clientDelay + "s", callback{Method: cb.Method, URL: target, ContentType: cb.ContentType, Body: cb.Body}, d.Executors}
	if cb.Success != (core.SuccessRule{}) {
		body.Callback.Success = &cb.Success
	}
	for _, p := range cb.Form {
		body.Callback.Form = append(body.Callback.Form, v1.Param{Key: p.Key, Value: p.Value})
	}
	text, err := plainJSON(body)
	return clientCall{URL: base + "/api/v1/delayed-tasks", Body: text}, err
}

// plainJSON writes a value as JSON, with < and its like as people write them.
func plainJSON(v any) (string, error) {
	var out strings.Builder
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return strings.TrimSuffix(out.String(), "\n"), err
}

// server is the address that the reader has this server under.
func (r *request) server() string {
	scheme := "http"
	if r.secure() {
		scheme = "https"
	}
	return scheme + "://" + r.Request.Host
}
