-- Plugin packages, and which tasks use them.

-- +goose Up

-- A version of a package. While it is uploaded, and again once it has been deleted, it has no name: its package is '' and
-- its version its id. So an upload that never ends takes nothing from the one that is tried again.
CREATE TABLE plugin_versions (
    id               NVARCHAR(36) COLLATE Latin1_General_100_BIN2  NOT NULL PRIMARY KEY,
    namespace        NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL,
    package          NVARCHAR(400) COLLATE Latin1_General_100_BIN2 NOT NULL,
    version          NVARCHAR(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
    state            NVARCHAR(20) COLLATE Latin1_General_100_BIN2  NOT NULL, -- uploading, ready, deleted
    digest           NVARCHAR(64) COLLATE Latin1_General_100_BIN2  NOT NULL, -- SHA-256 of the package file, hex
    size             BIGINT                                        NOT NULL,
    chunks           BIGINT                                        NOT NULL,
    signed           BIT                                           NOT NULL,
    uploaded_by      BIGINT                                        NOT NULL,
    uploaded_by_name NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL,
    uploaded_at      BIGINT                                        NOT NULL,
    touched_at       BIGINT                                        NOT NULL, -- of the last chunk that came, or of the deletion
    manifest         NVARCHAR(MAX)                                 NOT NULL -- manifest.Manifest as JSON; last, because lists do not read it
);
CREATE UNIQUE INDEX plugin_versions_name ON plugin_versions (namespace, package, version);
CREATE INDEX plugin_versions_digest ON plugin_versions (digest);

-- The package files, in pieces.
CREATE TABLE plugin_chunks (
    version_id NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL,
    number     BIGINT                                       NOT NULL, -- from 0
    data       VARBINARY(MAX)                               NOT NULL, -- at most 256 KiB
    PRIMARY KEY (version_id, number)
);

-- The package that a task uses, as its definition has it; deleted tasks too, for their runs may still be under way.
CREATE TABLE task_plugins (
    task_id   NVARCHAR(36) COLLATE Latin1_General_100_BIN2  NOT NULL PRIMARY KEY,
    namespace NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL,
    package   NVARCHAR(400) COLLATE Latin1_General_100_BIN2 NOT NULL,
    version   NVARCHAR(100) COLLATE Latin1_General_100_BIN2 NOT NULL -- that is pinned; '' when the task follows the latest
);
CREATE INDEX task_plugins_package ON task_plugins (namespace, package);

INSERT INTO task_plugins (task_id, namespace, package, version)
SELECT id, namespace, JSON_VALUE(definition, '$.plugin.package'), COALESCE(JSON_VALUE(definition, '$.plugin.version'), '')
FROM tasks WHERE kind = 'plugin' AND JSON_VALUE(definition, '$.plugin.package') IS NOT NULL;

-- +goose Down
DROP TABLE task_plugins;
DROP TABLE plugin_chunks;
DROP TABLE plugin_versions;
