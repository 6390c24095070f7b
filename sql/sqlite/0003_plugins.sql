-- Plugin packages, and which tasks use them.

-- +goose Up

-- A version of a package. While it is uploaded, and again once it has been deleted, it has no name: its package is '' and
-- its version its id. So an upload that never ends takes nothing from the one that is tried again.
CREATE TABLE plugin_versions (
    id               TEXT    NOT NULL PRIMARY KEY,
    namespace        TEXT    NOT NULL,
    package          TEXT    NOT NULL,
    version          TEXT    NOT NULL,
    state            TEXT    NOT NULL, -- uploading, ready, deleted
    digest           TEXT    NOT NULL, -- SHA-256 of the package file, hex
    size             INTEGER NOT NULL,
    chunks           INTEGER NOT NULL,
    signed           INTEGER NOT NULL,
    uploaded_by      INTEGER NOT NULL,
    uploaded_by_name TEXT    NOT NULL,
    uploaded_at      INTEGER NOT NULL,
    touched_at       INTEGER NOT NULL, -- of the last chunk that came, or of the deletion
    manifest         TEXT    NOT NULL  -- manifest.Manifest as JSON; last, because lists do not read it
);
CREATE UNIQUE INDEX plugin_versions_name ON plugin_versions (namespace, package, version);
CREATE INDEX plugin_versions_digest ON plugin_versions (digest);

-- The package files, in pieces.
CREATE TABLE plugin_chunks (
    version_id TEXT    NOT NULL,
    number     INTEGER NOT NULL, -- from 0
    data       BLOB    NOT NULL, -- at most 256 KiB
    PRIMARY KEY (version_id, number)
);

-- The package that a task uses, as its definition has it; deleted tasks too, for their runs may still be under way.
CREATE TABLE task_plugins (
    task_id   TEXT NOT NULL PRIMARY KEY,
    namespace TEXT NOT NULL,
    package   TEXT NOT NULL,
    version   TEXT NOT NULL -- that is pinned; '' when the task follows the latest
) WITHOUT ROWID;
CREATE INDEX task_plugins_package ON task_plugins (namespace, package);

INSERT INTO task_plugins (task_id, namespace, package, version)
SELECT id, namespace, json_extract(definition, '$.plugin.package'), coalesce(json_extract(definition, '$.plugin.version'), '')
FROM tasks WHERE kind = 'plugin' AND json_extract(definition, '$.plugin.package') IS NOT NULL;

-- +goose Down
DROP TABLE task_plugins;
DROP TABLE plugin_chunks;
DROP TABLE plugin_versions;
