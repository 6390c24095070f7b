package ui

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
	"github.com/carillonhq/carillon/web/messages"
)

const auditPath = "/audit"

// auditPage is who changed what.
func auditPage(u *UI) *page {
	return &page{
		path: auditPath, title: messages.Key("Audit"), icon: "shield-check", section: sectionAdmin, role: core.RoleOperator,
		routes: []route{get(auditPath, core.RoleOperator, u.showAudit)},
	}
}

// auditActions are what is done to things. The audit has them in English.
func auditActions() []messages.Key {
	return []messages.Key{
		messages.Key("create"), messages.Key("edit"), messages.Key("delete"), messages.Key("start"), messages.Key("stop"),
		messages.Key("pause"), messages.Key("resume"), messages.Key("run"), messages.Key("cancel"), messages.Key("reset"),
		messages.Key("execute"), messages.Key("void"), messages.Key("rotate"),
	}
}

// auditRow is an entry as the page shows it.
type auditRow struct {
	core.AuditEntry
	URL string // of what was changed; empty where there is no page for it
}

// URLs of what the entries are about. What was deleted since has none any more, as its page will say.
func auditURL(e *core.AuditEntry) string {
	id := url.PathEscape(e.ObjectID)
	switch e.Kind {
	case core.AuditTask:
		return "/tasks/" + id
	case core.AuditDelayed:
		return "/delayed-tasks/" + id
	case core.AuditRun:
		return "/runs/" + id
	case core.AuditUser:
		return usersPath + "/" + id
	case core.AuditSettings:
		return settingsPath
	case core.AuditNode:
		kind, name, _ := strings.Cut(e.ObjectID, "/")
		return nodesPath + "/" + url.PathEscape(kind) + "/" + url.PathEscape(name)
	case core.AuditPlugin:
		name, version, _ := strings.Cut(e.ObjectID, "/")
		return pluginsPath + "/" + url.PathEscape(name) + "?" + url.Values{"version": {version}}.Encode()
	}
	return ""
}

type auditView struct {
	*View
	List           *keyset
	Form           *form
	Kinds, Actions []option
	Entries        []auditRow
}

func (u *UI) showAudit(r *request) error {
	k := r.keyset()
	f := store.AuditFilter{
		UserName: k.Is("user"), Kind: core.AuditKind(k.Is("kind")), ObjectID: k.Is("objectId"), Action: k.Is("action"),
		Before: k.Begin, Limit: k.Wanted(),
	}
	var err error
	if f.From, err = r.instant("from", k.Is("from")); err != nil {
		return err
	}
	if f.To, err = r.instant("to", k.Is("to")); err != nil {
		return err
	}
	if f.Kind == "" || !slices.Contains(core.AuditKinds(), f.Kind) {
		f.Kind, f.ObjectID = "", "" // ids of different kinds may be alike
	}
	entries, err := u.Manage.Audit.List(r.Request.Context(), f)
	if err != nil {
		return err
	}
	entries = cut(k, entries, "", func(e core.AuditEntry) string { return e.ID })
	v := auditView{View: r.view(r.text("Audit")), List: k, Form: k.form(), Kinds: []option{{"", r.text("Everything")}}, Actions: []option{{"", r.text("Every action")}}}
	for i := range entries {
		v.Entries = append(v.Entries, auditRow{entries[i], auditURL(&entries[i])})
	}
	for _, kind := range core.AuditKinds() {
		v.Kinds = append(v.Kinds, option{string(kind), messages.Name(r.lang, kind)})
	}
	for _, action := range auditActions() {
		v.Actions = append(v.Actions, option{string(action), r.text(string(action))})
	}
	return r.show("audit", http.StatusOK, v)
}

// Do says an action in the reader's language.
func (v auditView) Do(action string) string { return v.Say(messages.Key(action)) }
