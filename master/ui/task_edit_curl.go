package ui

import (
	"net/http"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/curl"
	"github.com/carillonhq/carillon/web/messages"
)

// importCurl fills the form with what a curl command asks for. What it does not say stays as it was.
func (u *UI) importCurl(r *request) error {
	f, err := r.form()
	if err != nil {
		return err
	}
	got, err := curl.Parse(f.Value("command"))
	if err == nil {
		f.takeCallback(&got.Callback)
	} else if !f.takes(err) {
		return err
	}
	v, err := u.taskEdit(r, f, nil, "")
	if err != nil {
		return err
	}
	if got != nil {
		v.Imported = true
		for _, e := range got.Left {
			v.Left = append(v.Left, messages.Error(r.lang, e))
		}
	}
	return r.show("task-edit", http.StatusOK, v)
}

// takeCallback replaces what a command says of a request: all of it, but for what no command knows.
func (f *form) takeCallback(c *core.Callback) {
	kept := map[string]string{}
	for _, name := range []string{
		"callback.secret", "callback.success.statuses", "callback.success.contains", "callback.success.regex", "callback.success.jsonPath",
		"callback.success.jsonEquals", "callback.tls.insecureSkipVerify", "callback.tls.serverName", "callback.tls.ca", "callback.tls.cert", "callback.tls.key",
	} {
		kept[name] = f.Value(name)
	}
	for name, said := range map[string]bool{
		"callback.timeout": c.Timeout != 0, "callback.connectTimeout": c.ConnectTimeout != 0, "callback.redirects": c.Redirects != 0,
	} {
		if !said {
			kept[name] = f.Value(name)
		}
	}
	f.fillCallback(c)
	for name, value := range kept {
		f.set(name, value)
	}
	f.set("command", "")
}
