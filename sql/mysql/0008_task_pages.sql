-- What tasks are looked for by, what their definitions were, and what single firings of them were given.
--
-- MySQL commits each change of a table by itself, so each is made only where it is missing: a migration that was cut off
-- goes on.

-- +goose Up

-- The labels of a task, the workers that may run it, and its keepers: each a row, so that tasks are found by them.
CREATE TABLE IF NOT EXISTS task_marks (
    kind    VARBINARY(20)  NOT NULL, -- label, worker, keeper
    mark    VARBINARY(800) NOT NULL, -- the label, the worker's name, the keeper's id
    task_id VARBINARY(36)  NOT NULL,
    PRIMARY KEY (kind, mark, task_id),
    KEY task_marks_task (task_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;

INSERT IGNORE INTO task_marks (kind, mark, task_id)
SELECT DISTINCT 'worker', e.mark, t.id FROM tasks t, JSON_TABLE(t.definition, '$.executors[*]' COLUMNS (mark VARCHAR(200) PATH '$')) e;
INSERT IGNORE INTO task_marks (kind, mark, task_id)
SELECT DISTINCT 'keeper', e.mark, t.id FROM tasks t, JSON_TABLE(t.definition, '$.keepers[*]' COLUMNS (mark VARCHAR(200) PATH '$')) e;

-- What a task said from a version on. Start and resume raise the version too and leave no row.
CREATE TABLE IF NOT EXISTS task_versions (
    task_id    VARBINARY(36)  NOT NULL,
    version    BIGINT         NOT NULL,
    noted_at   BIGINT         NOT NULL,
    user_name  VARBINARY(400) NOT NULL, -- who said so; '' where nobody knows
    kind       VARBINARY(20)  NOT NULL,
    title      TEXT           NOT NULL,
    remark     TEXT           NOT NULL,
    definition MEDIUMTEXT     NOT NULL, -- core.Definition as JSON
    PRIMARY KEY (task_id, version)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;

INSERT IGNORE INTO task_versions (task_id, version, noted_at, user_name, kind, title, remark, definition)
SELECT t.id, p.version, t.updated_at, '', t.kind, t.title, t.remark, t.definition FROM tasks t JOIN task_plans p ON p.task_id = t.id;

-- What a firing asked for by hand was given in place of what its task says. It holds for every run of the firing.
CREATE TABLE IF NOT EXISTS run_overrides (
    firing_id VARBINARY(36) NOT NULL PRIMARY KEY,
    overrides MEDIUMTEXT    NOT NULL -- core.Overrides as JSON
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;

-- Lists in the order of creation and of titles, with what they are narrowed to beside: a search for a part of a title reads
-- the index and not the definitions. A title has at most 200 characters; held in the row, an index can hold it too.
SET @change = (SELECT IF(count(*) > 0, 'DO 0',
        'ALTER TABLE tasks ADD COLUMN labels TEXT NOT NULL DEFAULT (''''), MODIFY COLUMN title VARCHAR(500) NOT NULL, DROP KEY tasks_created,
        ADD KEY tasks_created (created_at, id, namespace, kind, title), ADD KEY tasks_title (title, id, namespace, kind)')
    FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'tasks' AND column_name = 'labels');
PREPARE change_tasks FROM @change;
EXECUTE change_tasks;
DEALLOCATE PREPARE change_tasks;

SET @change = (SELECT IF(count(*) > 0, 'DO 0', 'ALTER TABLE task_plans ADD KEY task_plans_state (state, task_id)')
    FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'task_plans' AND index_name = 'task_plans_state');
PREPARE change_plans FROM @change;
EXECUTE change_plans;
DEALLOCATE PREPARE change_plans;

-- +goose Down
ALTER TABLE task_plans DROP KEY task_plans_state;
ALTER TABLE tasks DROP COLUMN labels, MODIFY COLUMN title TEXT NOT NULL, DROP KEY tasks_created, DROP KEY tasks_title,
    ADD KEY tasks_created (namespace, created_at, id);
DROP TABLE run_overrides;
DROP TABLE task_versions;
DROP TABLE task_marks;
