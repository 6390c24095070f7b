package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/carillonhq/carillon/core"
)

// PluginUse is what uses a package, at the moment when a version of it is to be deleted.
type PluginUse struct {
	// Versions are all versions of the package, without their manifests.
	Versions []*core.PluginVersion
	// Tasks are the first tasks that use the package, deleted ones left out.
	Tasks []core.PluginTask
	// Runs are those under way of tasks that use the package, deleted ones too.
	Runs []PluginRuns
}

// PluginRuns are the runs under way that pin a version, or that follow the latest.
type PluginRuns struct {
	Version string // empty for those that follow the latest
	Count   int64
	First   time.Time // when the first of them was dispatched
}

// maxPluginTasks is how many tasks a PluginUse holds.
const maxPluginTasks = 1000

// DeletePlugin deletes a version of a package when allow lets it. While allow is asked no task can be put in force that
// needs the package. Its chunks are swept later.
func (s *Store) DeletePlugin(ctx context.Context, namespace, name, version string, allow func(v *core.PluginVersion, use PluginUse) error) error {
	return s.write(ctx, func(t tx) error {
		versions, err := t.pluginVersions("namespace = ? AND package = ? AND state = ? ORDER BY version FOR UPDATE", namespace, name, pluginReady)
		if err != nil {
			return err
		}
		var doomed *core.PluginVersion
		for _, v := range versions {
			if v.Version == version {
				doomed = v
			}
		}
		if doomed == nil {
			return noPlugin(name, version)
		}
		use := PluginUse{Versions: versions}
		if use.Tasks, err = t.pluginTasks(namespace, name, maxPluginTasks); err != nil {
			return err
		}
		if use.Runs, err = t.pluginRuns(namespace, name); err != nil {
			return err
		}
		if err := allow(doomed, use); err != nil {
			return err
		}
		if _, err = t.exec("UPDATE plugin_versions SET package = '', version = id, state = ?, touched_at = ? WHERE id = ?",
			pluginDeleted, micros(s.Now()), doomed.ID); err != nil {
			return err
		}
		return t.auditPlugin(s.Now(), "delete", doomed, core.Changes(doomed, nil))
	})
}

func (t tx) pluginRuns(namespace, name string) ([]PluginRuns, error) {
	var runs []PluginRuns
	err := t.each(func(rows *sql.Rows) error {
		var (
			r     PluginRuns
			first int64
		)
		err := rows.Scan(&r.Version, &r.Count, &first)
		r.First = instant(first)
		runs = append(runs, r)
		return err
	}, `SELECT u.version, count(*), min(r.dispatched_at) FROM task_plugins u JOIN runs r ON r.task_id = u.task_id
		WHERE u.namespace = ? AND u.package = ? AND r.state IN ('dispatched','running') GROUP BY u.version`, namespace, name)
	return runs, err
}

// PluginNeed is a package that must be there when a task is put in force.
type PluginNeed struct {
	Namespace string
	Package   string
	Version   string // empty for any
}

// needPlugin fails when what a task needs is not there, and keeps it there until the transaction ends.
func (t tx) needPlugin(need PluginNeed) error {
	where, args := "", []any{need.Namespace, need.Package, pluginReady}
	if need.Version != "" {
		where, args = " AND version = ?", append(args, need.Version)
	}
	found, err := t.strings("SELECT id FROM plugin_versions WHERE namespace = ? AND package = ? AND state = ?"+where+" ORDER BY version LIMIT 1 FOR SHARE", args...)
	if err != nil || len(found) > 0 {
		return err
	}
	if need.Version != "" {
		return core.Conflict("version %s of plugin package %q has not been uploaded", need.Version, need.Package)
	}
	return core.Conflict("plugin package %q has not been uploaded", need.Package)
}

// setPlugin notes which package a task uses; nil for none.
func (t tx) setPlugin(taskID, namespace string, call *core.PluginCall) error {
	if call == nil {
		_, err := t.exec("DELETE FROM task_plugins WHERE task_id = ?", taskID)
		return err
	}
	return t.upsert(into{
		table: "task_plugins", columns: "task_id,namespace,package,version", key: "task_id",
		update: "namespace = excluded.namespace, package = excluded.package, version = excluded.version",
	}, taskID, namespace, call.Package, call.Version)
}
