package ui

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/manage"
	"github.com/carillonhq/carillon/plugins/manifest"
	"github.com/carillonhq/carillon/web/messages"
)

const pluginsPath = "/plugins"

// pluginsPage shows the packages that tasks of kind plugin call. Files go by the API, to which the script uploads as whoever
// is signed in.
func pluginsPage(u *UI) *page {
	return &page{
		path: pluginsPath, title: messages.Key("Plugins"), icon: "plug", section: sectionWork, role: core.RoleViewer,
		scripts: []string{"plugins.js"},
		routes: []route{
			get(pluginsPath, core.RoleViewer, u.listPlugins),
			get(pluginsPath+"/:package", core.RoleViewer, u.showPlugin),
			post(pluginsPath+"/:package/:version/delete", core.RoleDeveloper, u.deletePlugin),
		},
	}
}

type packagesView struct {
	*View
	Packages []manage.Plugin
}

func (u *UI) listPlugins(r *request) error {
	all, err := u.Manage.Plugins.List(r.Request.Context())
	if err != nil {
		return err
	}
	return r.show("plugins", http.StatusOK, packagesView{View: r.view(r.text("Plugins")), Packages: all})
}

// packageTask is a task of a package, with the parameters that it takes.
type packageTask struct {
	Name string
	manifest.Task
	Parameters []schemaRow
	// Open says that it takes parameters that are not listed.
	Open bool
}

type packageView struct {
	*View
	*manage.PluginDetails
	Version *core.PluginVersion
	Says    *manifest.Manifest
	Calls   []packageTask
}

func (u *UI) showPlugin(r *request) error {
	ctx := r.Request.Context()
	d, err := u.Manage.Plugins.Get(ctx, r.Param("package"))
	if err != nil {
		return err
	}
	v := packageView{View: r.view(d.Package), PluginDetails: d}
	if v.Version, v.Says, err = u.Manage.Plugins.Version(ctx, d.Package, cmp.Or(r.Query("version"), d.Latest.Version)); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(v.Says.Tasks)) {
		call := packageTask{Name: name, Task: v.Says.Tasks[name]}
		call.Parameters, call.Open = schemaRows(call.Task.Parameters)
		v.Calls = append(v.Calls, call)
	}
	r.under(r.text("Plugins"), pluginsPath)
	return r.show("plugin", http.StatusOK, v)
}

// File is the address of the file of a version.
func (packageView) File(v *core.PluginVersion) string {
	return "/api/v1/plugins/" + url.PathEscape(v.Package) + "/versions/" + url.PathEscape(v.Version) + "/file"
}

func (u *UI) deletePlugin(r *request) error {
	ctx, name, version := r.Request.Context(), r.Param("package"), r.Param("version")
	if err := u.Manage.Plugins.Delete(ctx, &r.in.User, name, version); err != nil {
		return err
	}
	to := pluginsPath + "/" + url.PathEscape(name)
	if _, err := u.Manage.Plugins.Get(ctx, name); core.CodeOf(err) == core.CodeNotFound { // that was the last one
		to = pluginsPath
	}
	return r.done(to, r.text("Version %s of %s was deleted.", version, name))
}
