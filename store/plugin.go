package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/carillonhq/carillon/core"
)

// The states of a row of plugin_versions.
const (
	pluginUploading = "uploading"
	pluginReady     = "ready"
	pluginDeleted   = "deleted" // its chunks are there still, for workers that were told of it before
)

const pluginColumns = "id, namespace, package, version, digest, size, chunks, signed, uploaded_by, uploaded_by_name, uploaded_at"

// Plugins lists the versions of all packages of a namespace by package, without their manifests. The versions of a package
// are in the order of their names' letters.
func (s *Store) Plugins(ctx context.Context, namespace string) ([]*core.PluginVersion, error) {
	versions, err := s.read(ctx).pluginVersions("namespace = ? AND state = ? ORDER BY package, version", namespace, pluginReady)
	return versions, s.edge(err)
}

// PluginVersions lists the versions of one package as Plugins does.
func (s *Store) PluginVersions(ctx context.Context, namespace, name string) ([]*core.PluginVersion, error) {
	versions, err := s.read(ctx).pluginVersions("namespace = ? AND package = ? AND state = ? ORDER BY version", namespace, name, pluginReady)
	return versions, s.edge(err)
}

// PluginVersion reads one version of a package, with its manifest.
func (s *Store) PluginVersion(ctx context.Context, namespace, name, version string) (*core.PluginVersion, error) {
	var found *core.PluginVersion
	err := s.read(ctx).each(func(rows *sql.Rows) (err error) {
		var manifest string
		found, err = scanPlugin(rows, &manifest)
		found.Manifest = []byte(manifest)
		return err
	}, "SELECT "+pluginColumns+", manifest FROM plugin_versions WHERE namespace = ? AND package = ? AND version = ? AND state = ?",
		namespace, name, version, pluginReady)
	if err == nil && found == nil {
		err = noPlugin(name, version)
	}
	if err != nil {
		return nil, s.edge(err)
	}
	return found, nil
}

func noPlugin(name, version string) error {
	return core.NotFound("there is no version %s of plugin package %q", version, name)
}

// PluginChunk reads a piece of the package with a digest, counted from 0, and gives how many pieces there are and how many
// bytes in all. A package that was deleted a short while ago can still be read: a worker may have been told of it before.
func (s *Store) PluginChunk(ctx context.Context, digest string, number int) (data []byte, chunks int, size int64, err error) {
	found, err := s.read(ctx).one([]any{&data, &chunks, &size}, `SELECT c.data, v.chunks, v.size FROM plugin_versions v
		JOIN plugin_chunks c ON c.version_id = v.id WHERE v.digest = ? AND v.state IN (?,?) AND c.number = ?
		ORDER BY v.state DESC LIMIT 1`, digest, pluginReady, pluginDeleted, number)
	if err == nil && !found {
		err = core.NotFound("there is no piece %d of a plugin package with the SHA-256 %s", number, digest)
	}
	return data, chunks, size, s.edge(err)
}

// PluginTasks gives up to limit of the tasks that use a package, by their ids, and how many there are. Deleted ones are
// left out.
func (s *Store) PluginTasks(ctx context.Context, namespace, name string, limit int) (tasks []core.PluginTask, total int64, err error) {
	t := s.read(ctx)
	if tasks, err = t.pluginTasks(namespace, name, limit); err != nil {
		return nil, 0, s.edge(err)
	}
	_, err = t.one([]any{&total}, `SELECT count(*) FROM task_plugins u JOIN task_plans p ON p.task_id = u.task_id
		WHERE u.namespace = ? AND u.package = ? AND p.state <> ?`, namespace, name, string(core.TaskDeleted))
	return tasks, total, s.edge(err)
}

func (t tx) pluginTasks(namespace, name string, limit int) ([]core.PluginTask, error) {
	var tasks []core.PluginTask
	err := t.each(func(rows *sql.Rows) error {
		var k core.PluginTask
		err := rows.Scan(&k.TaskID, &k.Title, &k.State, &k.Version)
		tasks = append(tasks, k)
		return err
	}, `SELECT u.task_id, k.title, p.state, u.version FROM task_plugins u JOIN task_plans p ON p.task_id = u.task_id
		JOIN tasks k ON k.id = u.task_id WHERE u.namespace = ? AND u.package = ? AND p.state <> ?
		ORDER BY u.task_id LIMIT ?`, namespace, name, string(core.TaskDeleted), limit)
	return tasks, err
}

func (t tx) pluginVersions(where string, args ...any) ([]*core.PluginVersion, error) {
	var versions []*core.PluginVersion
	err := t.each(func(rows *sql.Rows) error {
		v, err := scanPlugin(rows)
		versions = append(versions, v)
		return err
	}, "SELECT "+pluginColumns+" FROM plugin_versions WHERE "+where, args...)
	return versions, err
}

func scanPlugin(rows *sql.Rows, more ...any) (*core.PluginVersion, error) {
	var (
		v        core.PluginVersion
		uploaded int64
	)
	err := rows.Scan(append([]any{&v.ID, &v.Namespace, &v.Package, &v.Version, &v.Digest, &v.Size, &v.Chunks, &v.Signed, &v.UploadedBy,
		&v.UploadedByName, &uploaded}, more...)...)
	v.UploadedAt = instant(uploaded)
	return &v, err
}

// isDuplicate says whether err is the breach of a primary key or a unique index.
func isDuplicate(err error) bool {
	f, ok := errors.AsType[*Failure](err)
	return ok && f.class == duplicateError
}
