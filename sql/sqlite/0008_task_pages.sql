-- What tasks are looked for by, what their definitions were, and what single firings of them were given.

-- +goose Up

ALTER TABLE tasks ADD COLUMN labels TEXT NOT NULL DEFAULT ''; -- JSON array; '' for none
-- Lists in the order of creation and of titles, with what they are narrowed to beside: a search for a part of a title reads
-- the index and not the definitions.
DROP INDEX tasks_created;
CREATE INDEX tasks_created ON tasks (created_at, id, namespace, kind, title);
CREATE INDEX tasks_title ON tasks (title, id, namespace, kind);
CREATE INDEX task_plans_state ON task_plans (state, task_id);

-- The labels of a task, the workers that may run it, and its keepers: each a row, so that tasks are found by them.
CREATE TABLE task_marks (
    kind    TEXT NOT NULL, -- label, worker, keeper
    mark    TEXT NOT NULL, -- the label, the worker's name, the keeper's id
    task_id TEXT NOT NULL,
    PRIMARY KEY (kind, mark, task_id)
) WITHOUT ROWID;
CREATE INDEX task_marks_task ON task_marks (task_id);

INSERT INTO task_marks (kind, mark, task_id)
SELECT DISTINCT 'worker', e.value, t.id FROM tasks t, json_each(t.definition, '$.executors') e;
INSERT INTO task_marks (kind, mark, task_id)
SELECT DISTINCT 'keeper', CAST(e.value AS TEXT), t.id FROM tasks t, json_each(t.definition, '$.keepers') e;

-- What a task said from a version on. Start and resume raise the version too and leave no row.
CREATE TABLE task_versions (
    task_id    TEXT    NOT NULL,
    version    INTEGER NOT NULL,
    noted_at   INTEGER NOT NULL,
    user_name  TEXT    NOT NULL, -- who said so; '' where nobody knows
    kind       TEXT    NOT NULL,
    title      TEXT    NOT NULL,
    remark     TEXT    NOT NULL,
    definition TEXT    NOT NULL, -- core.Definition as JSON
    PRIMARY KEY (task_id, version)
);

INSERT INTO task_versions (task_id, version, noted_at, user_name, kind, title, remark, definition)
SELECT t.id, p.version, t.updated_at, '', t.kind, t.title, t.remark, t.definition FROM tasks t JOIN task_plans p ON p.task_id = t.id;

-- What a firing asked for by hand was given in place of what its task says. It holds for every run of the firing.
CREATE TABLE run_overrides (
    firing_id TEXT NOT NULL PRIMARY KEY,
    overrides TEXT NOT NULL -- core.Overrides as JSON
) WITHOUT ROWID;

-- +goose Down
DROP TABLE run_overrides;
DROP TABLE task_versions;
DROP TABLE task_marks;
DROP INDEX task_plans_state;
DROP INDEX tasks_title;
DROP INDEX tasks_created;
CREATE INDEX tasks_created ON tasks (namespace, created_at, id);
ALTER TABLE tasks DROP COLUMN labels;
