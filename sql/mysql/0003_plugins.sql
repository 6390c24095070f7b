-- Plugin packages, and which tasks use them.

-- +goose Up

-- A version of a package. While it is uploaded, and again once it has been deleted, it has no name: its package is '' and
-- its version its id. So an upload that never ends takes nothing from the one that is tried again.
CREATE TABLE IF NOT EXISTS plugin_versions (
    id               VARBINARY(36)  NOT NULL PRIMARY KEY,
    namespace        VARBINARY(400) NOT NULL,
    package          VARBINARY(800) NOT NULL,
    version          VARBINARY(100) NOT NULL,
    state            VARBINARY(20)  NOT NULL, -- uploading, ready, deleted
    digest           VARBINARY(64)  NOT NULL, -- SHA-256 of the package file, hex
    size             BIGINT         NOT NULL,
    chunks           BIGINT         NOT NULL,
    signed           TINYINT(1)     NOT NULL,
    uploaded_by      BIGINT         NOT NULL,
    uploaded_by_name VARBINARY(400) NOT NULL,
    uploaded_at      BIGINT         NOT NULL,
    touched_at       BIGINT         NOT NULL, -- of the last chunk that came, or of the deletion
    manifest         MEDIUMTEXT     NOT NULL, -- manifest.Manifest as JSON; last, because lists do not read it
    UNIQUE KEY plugin_versions_name (namespace, package, version),
    KEY plugin_versions_digest (digest)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;

-- The package files, in pieces.
CREATE TABLE IF NOT EXISTS plugin_chunks (
    version_id VARBINARY(36) NOT NULL,
    number     BIGINT        NOT NULL, -- from 0
    data       MEDIUMBLOB    NOT NULL, -- at most 256 KiB
    PRIMARY KEY (version_id, number)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;

-- The package that a task uses, as its definition has it; deleted tasks too, for their runs may still be under way.
CREATE TABLE IF NOT EXISTS task_plugins (
    task_id   VARBINARY(36)  NOT NULL PRIMARY KEY,
    namespace VARBINARY(400) NOT NULL,
    package   VARBINARY(800) NOT NULL,
    version   VARBINARY(100) NOT NULL, -- that is pinned; '' when the task follows the latest
    KEY task_plugins_package (namespace, package)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;

INSERT IGNORE INTO task_plugins (task_id, namespace, package, version)
SELECT id, namespace, JSON_UNQUOTE(JSON_EXTRACT(definition, '$.plugin.package')),
    COALESCE(JSON_UNQUOTE(JSON_EXTRACT(definition, '$.plugin.version')), '')
FROM tasks WHERE kind = 'plugin' AND JSON_EXTRACT(definition, '$.plugin.package') IS NOT NULL;

-- +goose Down
DROP TABLE task_plugins;
DROP TABLE plugin_chunks;
DROP TABLE plugin_versions;
