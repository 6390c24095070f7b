-- What tasks are looked for by, what their definitions were, and what single firings of them were given.

-- +goose Up

ALTER TABLE tasks ADD labels NVARCHAR(MAX) NOT NULL CONSTRAINT tasks_labels DEFAULT ''; -- JSON array; '' for none
-- Lists in the order of creation and of titles, with what they are narrowed to beside: a search for a part of a title reads
-- the index and not the definitions. A title has at most 200 characters; the column is as narrow as an index wants its key.
ALTER TABLE tasks ALTER COLUMN title NVARCHAR(500) NOT NULL;
DROP INDEX tasks_created ON tasks;
CREATE INDEX tasks_created ON tasks (created_at, id) INCLUDE (namespace, kind, title);
CREATE INDEX tasks_title ON tasks (title, id) INCLUDE (namespace, kind);
CREATE INDEX task_plans_state ON task_plans (state, task_id);

-- The labels of a task, the workers that may run it, and its keepers: each a row, so that tasks are found by them.
CREATE TABLE task_marks (
    kind    NVARCHAR(20) COLLATE Latin1_General_100_BIN2  NOT NULL, -- label, worker, keeper
    mark    NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL, -- the label, the worker's name, the keeper's id
    task_id NVARCHAR(36) COLLATE Latin1_General_100_BIN2  NOT NULL,
    PRIMARY KEY (kind, mark, task_id)
);
CREATE INDEX task_marks_task ON task_marks (task_id);

INSERT INTO task_marks (kind, mark, task_id)
SELECT DISTINCT 'worker', e.value, t.id FROM tasks t CROSS APPLY OPENJSON(t.definition, '$.executors') e;
INSERT INTO task_marks (kind, mark, task_id)
SELECT DISTINCT 'keeper', e.value, t.id FROM tasks t CROSS APPLY OPENJSON(t.definition, '$.keepers') e;

-- What a task said from a version on. Start and resume raise the version too and leave no row.
CREATE TABLE task_versions (
    task_id    NVARCHAR(36) COLLATE Latin1_General_100_BIN2  NOT NULL,
    version    BIGINT                                        NOT NULL,
    noted_at   BIGINT                                        NOT NULL,
    user_name  NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL, -- who said so; '' where nobody knows
    kind       NVARCHAR(20) COLLATE Latin1_General_100_BIN2  NOT NULL,
    title      NVARCHAR(2000)                                NOT NULL,
    remark     NVARCHAR(2000)                                NOT NULL,
    definition NVARCHAR(MAX)                                 NOT NULL, -- core.Definition as JSON
    PRIMARY KEY (task_id, version)
);

INSERT INTO task_versions (task_id, version, noted_at, user_name, kind, title, remark, definition)
SELECT t.id, p.version, t.updated_at, '', t.kind, t.title, t.remark, t.definition FROM tasks t JOIN task_plans p ON p.task_id = t.id;

-- What a firing asked for by hand was given in place of what its task says. It holds for every run of the firing.
CREATE TABLE run_overrides (
    firing_id NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY,
    overrides NVARCHAR(MAX)                                NOT NULL -- core.Overrides as JSON
);

-- +goose Down
DROP TABLE run_overrides;
DROP TABLE task_versions;
DROP TABLE task_marks;
DROP INDEX task_plans_state ON task_plans;
DROP INDEX tasks_title ON tasks;
DROP INDEX tasks_created ON tasks;
CREATE INDEX tasks_created ON tasks (namespace, created_at, id);
ALTER TABLE tasks ALTER COLUMN title NVARCHAR(2000) NOT NULL;
ALTER TABLE tasks DROP CONSTRAINT tasks_labels;
ALTER TABLE tasks DROP COLUMN labels;
