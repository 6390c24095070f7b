-- Carillon's first schema.
--
-- Every instant is a whole number of microseconds since the Unix epoch, UTC: exact, sortable and alike in every
-- dialect. NULL stands in instants that an index must leave out; elsewhere an absent instant is 0 and an absent text is
-- ''. Tables that are written at every firing are narrow and apart from those that hold definitions and answers.

-- +goose Up

CREATE TABLE tasks (
    id              NVARCHAR(36) COLLATE Latin1_General_100_BIN2  NOT NULL PRIMARY KEY,
    namespace       NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL,
    kind            NVARCHAR(20) COLLATE Latin1_General_100_BIN2  NOT NULL,
    title           NVARCHAR(2000)                                NOT NULL,
    remark          NVARCHAR(2000)                                NOT NULL,
    definition      NVARCHAR(MAX)                                 NOT NULL, -- core.Definition as JSON; one version never changes
    created_by      BIGINT                                        NOT NULL,
    created_by_name NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL,
    created_at      BIGINT                                        NOT NULL,
    updated_at      BIGINT                                        NOT NULL
);
CREATE INDEX tasks_created ON tasks (namespace, created_at, id);

-- What planning reads and writes of a task.
CREATE TABLE task_plans (
    task_id   NVARCHAR(36) COLLATE Latin1_General_100_BIN2  NOT NULL PRIMARY KEY,
    namespace NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL,
    state     NVARCHAR(20) COLLATE Latin1_General_100_BIN2  NOT NULL,
    version   BIGINT                                        NOT NULL,
    next_due  BIGINT                                        NULL, -- first due instant not yet planned; NULL: none
    problem   NVARCHAR(MAX)                                 NOT NULL DEFAULT '' -- why planning set the task aside; '' when it did not
);
CREATE INDEX task_plans_due ON task_plans (next_due) WHERE next_due IS NOT NULL;

-- What recording counts of a task.
CREATE TABLE task_stats (
    task_id      NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY,
    runs         BIGINT                                       NOT NULL,
    last_run_at  BIGINT                                       NOT NULL,
    last_outcome NVARCHAR(20) COLLATE Latin1_General_100_BIN2 NOT NULL
);

CREATE TABLE task_children (
    parent_id NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL,
    child_id  NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL,
    PRIMARY KEY (parent_id, child_id)
);
CREATE INDEX task_children_child ON task_children (child_id);

CREATE TABLE delayed_tasks (
    id              NVARCHAR(36) COLLATE Latin1_General_100_BIN2  NOT NULL PRIMARY KEY,
    namespace       NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL,
    source_app      NVARCHAR(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
    topic           NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL,
    content_key     NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL,
    state           NVARCHAR(20) COLLATE Latin1_General_100_BIN2  NOT NULL,
    due_at          BIGINT                                        NOT NULL,
    next_due        BIGINT                                        NULL, -- due_at until its run is planned, then NULL
    resets          BIGINT                                        NOT NULL,
    runs            BIGINT                                        NOT NULL,
    idempotency_key NVARCHAR(400) COLLATE Latin1_General_100_BIN2 NULL,
    created_by      BIGINT                                        NOT NULL,
    created_by_name NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL,
    created_at      BIGINT                                        NOT NULL,
    finished_at     BIGINT                                        NOT NULL,
    executors       NVARCHAR(MAX)                                 NOT NULL, -- JSON array of worker names; '' for any
    retry           NVARCHAR(MAX)                                 NOT NULL, -- core.RetryPolicy as JSON
    callback        NVARCHAR(MAX)                                 NOT NULL -- core.Callback as JSON, as workers get it
);
CREATE INDEX delayed_tasks_due ON delayed_tasks (next_due) WHERE next_due IS NOT NULL;
CREATE INDEX delayed_tasks_key ON delayed_tasks (source_app, topic, content_key);
CREATE UNIQUE INDEX delayed_tasks_idempotency ON delayed_tasks (namespace, idempotency_key) WHERE idempotency_key IS NOT NULL;

-- Open runs: the queue. A row leaves for run_history in the transaction that ends the run. The id is derived from the
-- run's key (core.RunID), so the primary key is what keeps a due instant from yielding two runs.
CREATE TABLE runs (
    id            NVARCHAR(36) COLLATE Latin1_General_100_BIN2  NOT NULL PRIMARY KEY,
    namespace     NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL,
    task_id       NVARCHAR(36) COLLATE Latin1_General_100_BIN2  NOT NULL,
    task_version  BIGINT                                        NOT NULL,
    delayed_id    NVARCHAR(36) COLLATE Latin1_General_100_BIN2  NOT NULL,
    occurrence_id NVARCHAR(36) COLLATE Latin1_General_100_BIN2  NOT NULL,
    parent_run_id NVARCHAR(36) COLLATE Latin1_General_100_BIN2  NOT NULL,
    triggered_by  NVARCHAR(20) COLLATE Latin1_General_100_BIN2  NOT NULL,
    attempt       BIGINT                                        NOT NULL,
    retry         BIGINT                                        NOT NULL,
    requested_by  BIGINT                                        NOT NULL,
    queue         NVARCHAR(220) COLLATE Latin1_General_100_BIN2 NOT NULL,
    state         NVARCHAR(20) COLLATE Latin1_General_100_BIN2  NOT NULL,
    due_at        BIGINT                                        NOT NULL,
    fire_at       BIGINT                                        NOT NULL,
    claim_at      BIGINT                                        NULL, -- from when a master may reserve it; NULL while one has it
    token         BIGINT                                        NOT NULL,
    holder        NVARCHAR(36) COLLATE Latin1_General_100_BIN2  NOT NULL, -- incarnation that has it: a master's, then a worker's; '' for none
    worker        NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL,
    planned_at    BIGINT                                        NOT NULL,
    dispatched_at BIGINT                                        NOT NULL,
    started_at    BIGINT                                        NOT NULL,
    shard         BIGINT                                        NOT NULL DEFAULT 0, -- which of how many runs of one firing this is; 0 of 0: the only one
    shards        BIGINT                                        NOT NULL DEFAULT 0
);
CREATE INDEX runs_claim ON runs (queue, claim_at) WHERE claim_at IS NOT NULL;
CREATE INDEX runs_holder ON runs (holder) WHERE holder <> '';
CREATE INDEX runs_task ON runs (task_id) WHERE task_id <> '';
CREATE INDEX runs_delayed ON runs (delayed_id) WHERE delayed_id <> '';

-- The overlap guard: whose run of a task is under way.
CREATE TABLE guards (
    task_id  NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY,
    run_id   NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL,
    taken_at BIGINT                                       NOT NULL
);

-- Finished runs. Ids begin with the due instant, so the primary key is also the order of time.
CREATE TABLE run_history (
    id            NVARCHAR(36) COLLATE Latin1_General_100_BIN2  NOT NULL PRIMARY KEY,
    namespace     NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL,
    task_id       NVARCHAR(36) COLLATE Latin1_General_100_BIN2  NOT NULL,
    task_version  BIGINT                                        NOT NULL,
    delayed_id    NVARCHAR(36) COLLATE Latin1_General_100_BIN2  NOT NULL,
    occurrence_id NVARCHAR(36) COLLATE Latin1_General_100_BIN2  NOT NULL,
    parent_run_id NVARCHAR(36) COLLATE Latin1_General_100_BIN2  NOT NULL,
    triggered_by  NVARCHAR(20) COLLATE Latin1_General_100_BIN2  NOT NULL,
    attempt       BIGINT                                        NOT NULL,
    retry         BIGINT                                        NOT NULL,
    requested_by  BIGINT                                        NOT NULL,
    queue         NVARCHAR(220) COLLATE Latin1_General_100_BIN2 NOT NULL,
    state         NVARCHAR(20) COLLATE Latin1_General_100_BIN2  NOT NULL,
    due_at        BIGINT                                        NOT NULL,
    fire_at       BIGINT                                        NOT NULL,
    token         BIGINT                                        NOT NULL,
    worker        NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL,
    planned_at    BIGINT                                        NOT NULL,
    dispatched_at BIGINT                                        NOT NULL,
    sent_at       BIGINT                                        NOT NULL,
    answered_at   BIGINT                                        NOT NULL,
    recorded_at   BIGINT                                        NOT NULL,
    missed_count  BIGINT                                        NOT NULL, -- firings that this row stands for; more than 1 only for a missed stretch
    last_due_at   BIGINT                                        NOT NULL,
    status        BIGINT                                        NOT NULL,
    truncated     BIT                                           NOT NULL,
    reason        NVARCHAR(MAX)                                 NOT NULL,
    request       NVARCHAR(MAX)                                 NOT NULL,
    content_type  NVARCHAR(MAX)                                 NOT NULL,
    log           NVARCHAR(MAX)                                 NOT NULL, -- lines that came with the outcome, JSON; '' for none
    response      VARBINARY(MAX)                                NULL,
    shard         BIGINT                                        NOT NULL DEFAULT 0,
    shards        BIGINT                                        NOT NULL DEFAULT 0
);
CREATE INDEX run_history_task ON run_history (task_id, id) WHERE task_id <> '';
CREATE INDEX run_history_delayed ON run_history (delayed_id, id) WHERE delayed_id <> '';

-- Lines that came before the outcome, a chunk a row.
CREATE TABLE run_logs (
    run_id     NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL,
    token      BIGINT                                       NOT NULL,
    first_line BIGINT                                       NOT NULL, -- number of the chunk's first line
    chunk      NVARCHAR(MAX)                                NOT NULL,
    PRIMARY KEY (run_id, token, first_line)
);

CREATE TABLE daily_counts (
    namespace NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL,
    day       BIGINT                                        NOT NULL, -- yyyymmdd, UTC
    outcome   NVARCHAR(20) COLLATE Latin1_General_100_BIN2  NOT NULL,
    runs      BIGINT                                        NOT NULL,
    PRIMARY KEY (namespace, day, outcome)
);

CREATE TABLE nodes (
    kind        NVARCHAR(20) COLLATE Latin1_General_100_BIN2  NOT NULL,
    name        NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL,
    incarnation NVARCHAR(36) COLLATE Latin1_General_100_BIN2  NOT NULL,
    state       NVARCHAR(20) COLLATE Latin1_General_100_BIN2  NOT NULL,
    weight      BIGINT                                        NOT NULL,
    slots       BIGINT                                        NOT NULL,
    labels      NVARCHAR(MAX)                                 NOT NULL, -- JSON array
    version     NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL,
    started_at  BIGINT                                        NOT NULL,
    seen_at     BIGINT                                        NOT NULL,
    running     BIGINT                                        NOT NULL,
    -- What an administrator said of a node goes before what the node says of itself.
    admin_state  NVARCHAR(20) COLLATE Latin1_General_100_BIN2 NOT NULL DEFAULT '', -- '': nothing was said
    admin_weight BIGINT                                       NOT NULL DEFAULT 0, -- 0: the node's own
    admin_labels NVARCHAR(MAX)                                NOT NULL DEFAULT '', -- JSON array; '': the node's own
    protocol     BIGINT                                       NOT NULL DEFAULT 0,
    PRIMARY KEY (kind, name)
);

-- The lease of each process, by its incarnation: what reserved and running runs live by.
CREATE TABLE incarnations (
    id          NVARCHAR(36) COLLATE Latin1_General_100_BIN2  NOT NULL PRIMARY KEY,
    kind        NVARCHAR(20) COLLATE Latin1_General_100_BIN2  NOT NULL,
    name        NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL,
    host        NVARCHAR(36) COLLATE Latin1_General_100_BIN2  NOT NULL, -- incarnation of the master whose process it lives in; '' for its own process
    lease_until BIGINT                                        NOT NULL
);
CREATE INDEX incarnations_lease ON incarnations (lease_until);

-- Leases that let one master at a time do a duty.
CREATE TABLE leases (
    name        NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY,
    holder      NVARCHAR(36) COLLATE Latin1_General_100_BIN2  NOT NULL,
    token       BIGINT                                        NOT NULL,
    lease_until BIGINT                                        NOT NULL
);

CREATE TABLE users (
    id            BIGINT                                        NOT NULL IDENTITY(1,1) PRIMARY KEY,
    name          NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL UNIQUE,
    password_hash NVARCHAR(MAX)                                 NOT NULL,
    secret_hash   NVARCHAR(MAX)                                 NOT NULL,
    role          NVARCHAR(20) COLLATE Latin1_General_100_BIN2  NOT NULL,
    email         NVARCHAR(MAX)                                 NOT NULL,
    disabled      BIT                                           NOT NULL,
    must_change   BIT                                           NOT NULL,
    created_at    BIGINT                                        NOT NULL
);

CREATE TABLE settings (
    name  NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY,
    value NVARCHAR(MAX)                                 NOT NULL
);

-- Secrets of the cluster itself, such as the join token.
CREATE TABLE secrets (
    name  NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY,
    value NVARCHAR(MAX) COLLATE Latin1_General_100_BIN2 NOT NULL
);

-- Notices owed to people, written with the outcome that causes them.
CREATE TABLE notices (
    run_id     NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY,
    task_id    NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL,
    delayed_id NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL,
    tries      BIGINT                                       NOT NULL,
    next_try   BIGINT                                       NOT NULL
);
CREATE INDEX notices_next ON notices (next_try);

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
