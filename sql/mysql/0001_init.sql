-- Carillon's first schema.
--
-- Every instant is a whole number of microseconds since the Unix epoch, UTC: exact, sortable and alike in every
-- dialect. NULL stands in instants that an index must leave out; elsewhere an absent instant is 0 and an absent text is
-- ''. Tables that are written at every firing are narrow and apart from those that hold definitions and answers.

-- +goose Up

CREATE TABLE IF NOT EXISTS tasks (
    id              VARBINARY(36)  NOT NULL PRIMARY KEY,
    namespace       VARBINARY(400) NOT NULL,
    kind            VARBINARY(20)  NOT NULL,
    title           TEXT           NOT NULL,
    remark          TEXT           NOT NULL,
    definition      MEDIUMTEXT     NOT NULL, -- core.Definition as JSON; one version never changes
    created_by      BIGINT         NOT NULL,
    created_by_name VARBINARY(400) NOT NULL,
    created_at      BIGINT         NOT NULL,
    updated_at      BIGINT         NOT NULL,
    KEY tasks_created (namespace, created_at, id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;

-- What planning reads and writes of a task.
CREATE TABLE IF NOT EXISTS task_plans (
    task_id   VARBINARY(36)  NOT NULL PRIMARY KEY,
    namespace VARBINARY(400) NOT NULL,
    state     VARBINARY(20)  NOT NULL,
    version   BIGINT         NOT NULL,
    next_due  BIGINT, -- first due instant not yet planned; NULL: none
    problem   MEDIUMTEXT     NOT NULL DEFAULT (''), -- why planning set the task aside; '' when it did not
    KEY task_plans_due (next_due)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;

-- What recording counts of a task.
CREATE TABLE IF NOT EXISTS task_stats (
    task_id      VARBINARY(36) NOT NULL PRIMARY KEY,
    runs         BIGINT        NOT NULL,
    last_run_at  BIGINT        NOT NULL,
    last_outcome VARBINARY(20) NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;

CREATE TABLE IF NOT EXISTS task_children (
    parent_id VARBINARY(36) NOT NULL,
    child_id  VARBINARY(36) NOT NULL,
    PRIMARY KEY (parent_id, child_id),
    KEY task_children_child (child_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;

CREATE TABLE IF NOT EXISTS delayed_tasks (
    id              VARBINARY(36)   NOT NULL PRIMARY KEY,
    namespace       VARBINARY(400)  NOT NULL,
    source_app      VARBINARY(200)  NOT NULL,
    topic           VARBINARY(400)  NOT NULL,
    content_key     VARBINARY(400)  NOT NULL,
    state           VARBINARY(20)   NOT NULL,
    due_at          BIGINT          NOT NULL,
    next_due        BIGINT, -- due_at until its run is planned, then NULL
    resets          BIGINT          NOT NULL,
    runs            BIGINT          NOT NULL,
    idempotency_key VARBINARY(400),
    created_by      BIGINT          NOT NULL,
    created_by_name VARBINARY(400)  NOT NULL,
    created_at      BIGINT          NOT NULL,
    finished_at     BIGINT          NOT NULL,
    executors       MEDIUMTEXT      NOT NULL, -- JSON array of worker names; '' for any
    retry           MEDIUMTEXT      NOT NULL, -- core.RetryPolicy as JSON
    callback        MEDIUMTEXT      NOT NULL, -- core.Callback as JSON, as workers get it
    KEY delayed_tasks_due (next_due),
    KEY delayed_tasks_key (source_app, topic, content_key),
    UNIQUE KEY delayed_tasks_idempotency (namespace, idempotency_key)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;

-- Open runs: the queue. A row leaves for run_history in the transaction that ends the run. The id is derived from the
-- run's key (core.RunID), so the primary key is what keeps a due instant from yielding two runs.
CREATE TABLE IF NOT EXISTS runs (
    id            VARBINARY(36)  NOT NULL PRIMARY KEY,
    namespace     VARBINARY(400) NOT NULL,
    task_id       VARBINARY(36)  NOT NULL,
    task_version  BIGINT         NOT NULL,
    delayed_id    VARBINARY(36)  NOT NULL,
    occurrence_id VARBINARY(36)  NOT NULL,
    parent_run_id VARBINARY(36)  NOT NULL,
    triggered_by  VARBINARY(20)  NOT NULL,
    attempt       BIGINT         NOT NULL,
    retry         BIGINT         NOT NULL,
    requested_by  BIGINT         NOT NULL,
    queue         VARBINARY(440) NOT NULL,
    state         VARBINARY(20)  NOT NULL,
    due_at        BIGINT         NOT NULL,
    fire_at       BIGINT         NOT NULL,
    claim_at      BIGINT, -- from when a master may reserve it; NULL while one has it
    token         BIGINT         NOT NULL,
    holder        VARBINARY(36)  NOT NULL, -- incarnation that has it: a master's, then a worker's; '' for none
    worker        VARBINARY(400) NOT NULL,
    planned_at    BIGINT         NOT NULL,
    dispatched_at BIGINT         NOT NULL,
    started_at    BIGINT         NOT NULL,
    shard         BIGINT         NOT NULL DEFAULT 0, -- which of how many runs of one firing this is; 0 of 0: the only one
    shards        BIGINT         NOT NULL DEFAULT 0,
    KEY runs_claim (queue, claim_at),
    KEY runs_holder (holder),
    KEY runs_task (task_id),
    KEY runs_delayed (delayed_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;

-- The overlap guard: whose run of a task is under way.
CREATE TABLE IF NOT EXISTS guards (
    task_id  VARBINARY(36) NOT NULL PRIMARY KEY,
    run_id   VARBINARY(36) NOT NULL,
    taken_at BIGINT        NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;

-- Finished runs. Ids begin with the due instant, so the primary key is also the order of time.
CREATE TABLE IF NOT EXISTS run_history (
    id            VARBINARY(36)  NOT NULL PRIMARY KEY,
    namespace     VARBINARY(400) NOT NULL,
    task_id       VARBINARY(36)  NOT NULL,
    task_version  BIGINT         NOT NULL,
    delayed_id    VARBINARY(36)  NOT NULL,
    occurrence_id VARBINARY(36)  NOT NULL,
    parent_run_id VARBINARY(36)  NOT NULL,
    triggered_by  VARBINARY(20)  NOT NULL,
    attempt       BIGINT         NOT NULL,
    retry         BIGINT         NOT NULL,
    requested_by  BIGINT         NOT NULL,
    queue         VARBINARY(440) NOT NULL,
    state         VARBINARY(20)  NOT NULL,
    due_at        BIGINT         NOT NULL,
    fire_at       BIGINT         NOT NULL,
    token         BIGINT         NOT NULL,
    worker        VARBINARY(400) NOT NULL,
    planned_at    BIGINT         NOT NULL,
    dispatched_at BIGINT         NOT NULL,
    sent_at       BIGINT         NOT NULL,
    answered_at   BIGINT         NOT NULL,
    recorded_at   BIGINT         NOT NULL,
    missed_count  BIGINT         NOT NULL, -- firings that this row stands for; more than 1 only for a missed stretch
    last_due_at   BIGINT         NOT NULL,
    status        BIGINT         NOT NULL,
    truncated     TINYINT(1)     NOT NULL,
    reason        MEDIUMTEXT     NOT NULL,
    request       MEDIUMTEXT     NOT NULL,
    content_type  MEDIUMTEXT     NOT NULL,
    log           MEDIUMTEXT     NOT NULL, -- lines that came with the outcome, JSON; '' for none
    response      MEDIUMBLOB     NULL,
    shard         BIGINT         NOT NULL DEFAULT 0,
    shards        BIGINT         NOT NULL DEFAULT 0,
    KEY run_history_task (task_id, id),
    KEY run_history_delayed (delayed_id, id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;

-- Lines that came before the outcome, a chunk a row.
CREATE TABLE IF NOT EXISTS run_logs (
    run_id     VARBINARY(36) NOT NULL,
    token      BIGINT        NOT NULL,
    first_line BIGINT        NOT NULL, -- number of the chunk's first line
    chunk      MEDIUMTEXT    NOT NULL,
    PRIMARY KEY (run_id, token, first_line)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;

CREATE TABLE IF NOT EXISTS daily_counts (
    namespace VARBINARY(400) NOT NULL,
    day       BIGINT         NOT NULL, -- yyyymmdd, UTC
    outcome   VARBINARY(20)  NOT NULL,
    runs      BIGINT         NOT NULL,
    PRIMARY KEY (namespace, day, outcome)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;

CREATE TABLE IF NOT EXISTS nodes (
    kind        VARBINARY(20)  NOT NULL,
    name        VARBINARY(400) NOT NULL,
    incarnation VARBINARY(36)  NOT NULL,
    state       VARBINARY(20)  NOT NULL,
    weight      BIGINT         NOT NULL,
    slots       BIGINT         NOT NULL,
    labels      MEDIUMTEXT     NOT NULL, -- JSON array
    version     VARBINARY(400) NOT NULL,
    started_at  BIGINT         NOT NULL,
    seen_at     BIGINT         NOT NULL,
    running     BIGINT         NOT NULL,
    -- What an administrator said of a node goes before what the node says of itself.
    admin_state  VARBINARY(20) NOT NULL DEFAULT '', -- '': nothing was said
    admin_weight BIGINT        NOT NULL DEFAULT 0, -- 0: the node's own
    admin_labels MEDIUMTEXT    NOT NULL DEFAULT (''), -- JSON array; '': the node's own
    protocol     BIGINT        NOT NULL DEFAULT 0,
    PRIMARY KEY (kind, name)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;

-- The lease of each process, by its incarnation: what reserved and running runs live by.
CREATE TABLE IF NOT EXISTS incarnations (
    id          VARBINARY(36)  NOT NULL PRIMARY KEY,
    kind        VARBINARY(20)  NOT NULL,
    name        VARBINARY(400) NOT NULL,
    host        VARBINARY(36)  NOT NULL, -- incarnation of the master whose process it lives in; '' for its own process
    lease_until BIGINT         NOT NULL,
    KEY incarnations_lease (lease_until)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;

-- Leases that let one master at a time do a duty.
CREATE TABLE IF NOT EXISTS leases (
    name        VARBINARY(400) NOT NULL PRIMARY KEY,
    holder      VARBINARY(36)  NOT NULL,
    token       BIGINT         NOT NULL,
    lease_until BIGINT         NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;

CREATE TABLE IF NOT EXISTS users (
    id            BIGINT         NOT NULL AUTO_INCREMENT PRIMARY KEY,
    name          VARBINARY(400) NOT NULL UNIQUE,
    password_hash MEDIUMTEXT     NOT NULL,
    secret_hash   MEDIUMTEXT     NOT NULL,
    role          VARBINARY(20)  NOT NULL,
    email         MEDIUMTEXT     NOT NULL,
    disabled      TINYINT(1)     NOT NULL,
    must_change   TINYINT(1)     NOT NULL,
    created_at    BIGINT         NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;

CREATE TABLE IF NOT EXISTS settings (
    name  VARBINARY(400) NOT NULL PRIMARY KEY,
    value MEDIUMTEXT     NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;

-- Secrets of the cluster itself, such as the join token.
CREATE TABLE IF NOT EXISTS secrets (
    name  VARBINARY(400) NOT NULL PRIMARY KEY,
    value MEDIUMTEXT     NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;

-- Notices owed to people, written with the outcome that causes them.
CREATE TABLE IF NOT EXISTS notices (
    run_id     VARBINARY(36) NOT NULL PRIMARY KEY,
    task_id    VARBINARY(36) NOT NULL,
    delayed_id VARBINARY(36) NOT NULL,
    tries      BIGINT        NOT NULL,
    next_try   BIGINT        NOT NULL,
    KEY notices_next (next_try)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;

-- +goose Down
DROP TABLE notices;
DROP TABLE secrets;
DROP TABLE settings;
DROP TABLE users;
DROP TABLE leases;
DROP TABLE incarnations;
DROP TABLE nodes;
DROP TABLE daily_counts;
DROP TABLE run_logs;
DROP TABLE run_history;
DROP TABLE guards;
DROP TABLE runs;
DROP TABLE delayed_tasks;
DROP TABLE task_children;
DROP TABLE task_stats;
DROP TABLE task_plans;
DROP TABLE tasks;
