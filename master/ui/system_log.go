package ui

import (
	"net/http"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/manage"
	"github.com/carillonhq/carillon/web/messages"
)

const systemLogPath = "/system-log"

// systemLogPage is what the masters log, as it comes.
func systemLogPage(u *UI) *page {
	return &page{
		path: systemLogPath, title: messages.Key("System log"), icon: "file-text", section: sectionAdmin, role: core.RoleOperator,
		topics: []topic{{name: "system-log", every: time.Second, look: u.Manage.Log.Latest}},
		routes: []route{get(systemLogPath, core.RoleOperator, u.showSystemLog)},
	}
}

type systemLogView struct {
	*View
	List          *keyset
	Form          *form
	Levels, Nodes []option
	Lines         []core.LogRecord
	// Follows says that lines are shown as they come: on the first page, of a time that has not ended.
	Follows bool
}

func (u *UI) showSystemLog(r *request) error {
	ctx := r.Request.Context()
	k := r.keyset()
	q := manage.LogQuery{Least: core.LogLevel(k.Is("level")), Node: k.Is("node"), Text: k.Is("text"), Before: k.Begin, Limit: k.Size}
	var err error
	if q.From, err = r.instant("from", k.Is("from")); err != nil {
		return err
	}
	if q.To, err = r.instant("to", k.Is("to")); err != nil {
		return err
	}
	lines, next, err := u.Manage.Log.List(ctx, q)
	if err != nil {
		return err
	}
	k.Shown, k.next, k.Bounded = len(lines), next, next != "" && len(lines) < k.Size
	v := systemLogView{View: r.view(r.text("System log")), List: k, Form: k.form(), Lines: lines}
	v.Follows = k.Begin == "" && (q.To.IsZero() || q.To.After(u.Now()))
	for i, level := range core.LogLevels() {
		label := r.text("%s and above", messages.Name(r.lang, level))
		if i == 0 {
			label = r.text("Every level")
			level = ""
		}
		v.Levels = append(v.Levels, option{string(level), label})
	}
	nodes, err := u.Manage.Nodes.List(ctx)
	if err != nil {
		return err
	}
	v.Nodes = []option{{"", r.text("Every master")}}
	for i := range nodes {
		if nodes[i].Kind == core.NodeMaster {
			v.Nodes = append(v.Nodes, option{nodes[i].Name, nodes[i].Name})
		}
	}
	return r.show("system-log", http.StatusOK, v)
}
