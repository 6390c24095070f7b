package ui

import (
	"strings"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/web/messages"
)

const settingsPath = "/settings"

// settingsPage is what administrators may change while Carillon runs.
func settingsPage(u *UI) *page {
	return &page{
		path: settingsPath, title: messages.Key("Settings"), icon: "settings", section: sectionAdmin, role: core.RoleViewer,
		routes: []route{
			get(settingsPath, core.RoleViewer, u.showSettings),
			post(settingsPath, core.RoleAdmin, u.saveSettings),
		},
	}
}

// settingRow is a setting as the page shows it.
type settingRow struct {
	core.SettingSpec
	Help    string // in the reader's language
	Choices []option
	Changed bool // it differs from its default
	Set     bool // of a secret: there is one
}

// settingGroup are settings that belong together.
type settingGroup struct {
	Title messages.Key
	Rows  []settingRow
}

// settingGroups are the groups by how the names of their settings begin.
func settingGroups() []struct {
	prefix string
	title  messages.Key
} {
	return []struct {
		prefix string
		title  messages.Key
	}{
		{"Http_", messages.Key("Callbacks")}, {"DelayTask_", messages.Key("Delayed tasks")}, {"Retention_", messages.Key("What is kept")},
		{"Email_", messages.Key("Mail")}, {"Assembly_", messages.Key("Plugins")}, {"System_", messages.Key("Cluster")},
	}
}

type settingsView struct {
	*View
	Form   *form
	Groups []settingGroup
}

func (u *UI) showSettings(r *request) error {
	values, err := u.Manage.Settings.Values(r.Request.Context())
	if err != nil {
		return err
	}
	f := newForm()
	for name, value := range values {
		f.values.Set(name, value)
	}
	return u.showSettingsForm(r, f, values)
}

func (u *UI) showSettingsForm(r *request, f *form, values map[string]string) error {
	v := settingsView{View: r.view(r.text("Settings")), Form: f}
	for _, group := range settingGroups() {
		g := settingGroup{Title: group.title}
		for _, spec := range core.SettingSpecs() {
			if !strings.HasPrefix(spec.Name, group.prefix) {
				continue
			}
			row := settingRow{SettingSpec: spec, Help: r.text(spec.Help), Changed: values[spec.Name] != spec.Default, Set: values[spec.Name] != ""}
			for _, choice := range spec.Choices {
				row.Choices = append(row.Choices, option{choice, choice})
			}
			g.Rows = append(g.Rows, row)
		}
		v.Groups = append(v.Groups, g)
	}
	return r.show("settings", f.status(), v)
}

// saveSettings stores those that were changed. A secret that is left empty stays as it is, unless it is to be taken away.
func (u *UI) saveSettings(r *request) error {
	f, err := r.form()
	if err != nil {
		return err
	}
	ctx := r.Request.Context()
	values, err := u.Manage.Settings.Values(ctx)
	if err != nil {
		return err
	}
	changed := map[string]string{}
	for _, spec := range core.SettingSpecs() {
		given := f.Value(spec.Name)
		switch {
		case f.All(spec.Name) == nil || given == values[spec.Name]:
		case spec.Secret && given == "" && f.Value(spec.Name+".drop") != "true":
		default:
			changed[spec.Name] = given
		}
	}
	err = u.Manage.Settings.Save(ctx, &r.in.User, changed)
	if f.takes(err) {
		return u.showSettingsForm(r, f, values)
	}
	if err != nil {
		return err
	}
	return r.done(settingsPath, r.text("The settings were saved. They hold at every node within a second."))
}
