-- Carillon's first schema.
--
-- Every instant is a whole number of microseconds since the Unix epoch, UTC: exact, sortable and alike in every
-- dialect. NULL stands in instants that an index must leave out; elsewhere an absent instant is 0 and an absent text is
-- ''. Tables that are written at every firing are narrow and apart from those that hold definitions and answers.

-- +goose Up

CREATE TABLE tasks (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    namespace       TEXT COLLATE "C" NOT NULL,
    kind            TEXT COLLATE "C" NOT NULL,
    title           TEXT             NOT NULL,
    remark          TEXT             NOT NULL,
    definition      TEXT             NOT NULL, -- core.Definition as JSON; one version never changes
    created_by      BIGINT           NOT NULL,
    created_by_name TEXT COLLATE "C" NOT NULL,
    created_at      BIGINT           NOT NULL,
    updated_at      BIGINT           NOT NULL
);
CREATE INDEX tasks_created ON tasks (namespace, created_at, id);

-- What planning reads and writes of a task.
CREATE TABLE task_plans (
    task_id   TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    namespace TEXT COLLATE "C" NOT NULL,
    state     TEXT COLLATE "C" NOT NULL,
    version   BIGINT           NOT NULL,
    next_due  BIGINT, -- first due instant not yet planned; NULL: none
    problem   TEXT             NOT NULL DEFAULT '' -- why planning set the task aside; '' when it did not
);
CREATE INDEX task_plans_due ON task_plans (next_due) WHERE next_due IS NOT NULL;

-- What recording counts of a task.
CREATE TABLE task_stats (
    task_id      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    runs         BIGINT           NOT NULL,
    last_run_at  BIGINT           NOT NULL,
    last_outcome TEXT COLLATE "C" NOT NULL
);

CREATE TABLE task_children (
    parent_id TEXT COLLATE "C" NOT NULL,
    child_id  TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (parent_id, child_id)
);
CREATE INDEX task_children_child ON task_children (child_id);

CREATE TABLE delayed_tasks (
    id              TEXT COLLATE "C"  NOT NULL PRIMARY KEY,
    namespace       TEXT COLLATE "C"  NOT NULL,
    source_app      TEXT COLLATE "C"  NOT NULL,
    topic           TEXT COLLATE "C"  NOT NULL,
    content_key     TEXT COLLATE "C"  NOT NULL,
    state           TEXT COLLATE "C"  NOT NULL,
    due_at          BIGINT            NOT NULL,
    next_due        BIGINT, -- due_at until its run is planned, then NULL
    resets          BIGINT            NOT NULL,
    runs            BIGINT            NOT NULL,
    idempotency_key TEXT COLLATE "C",
    created_by      BIGINT            NOT NULL,
    created_by_name TEXT COLLATE "C"  NOT NULL,
    created_at      BIGINT            NOT NULL,
    finished_at     BIGINT            NOT NULL,
    executors       TEXT              NOT NULL, -- JSON array of worker names; '' for any
    retry           TEXT              NOT NULL, -- core.RetryPolicy as JSON
    callback        TEXT              NOT NULL -- core.Callback as JSON, as workers get it
);
CREATE INDEX delayed_tasks_due ON delayed_tasks (next_due) WHERE next_due IS NOT NULL;
CREATE INDEX delayed_tasks_key ON delayed_tasks (source_app, topic, content_key);
CREATE UNIQUE INDEX delayed_tasks_idempotency ON delayed_tasks (namespace, idempotency_key) WHERE idempotency_key IS NOT NULL;

-- Open runs: the queue. A row leaves for run_history in the transaction that ends the run. The id is derived from the
-- run's key (core.RunID), so the primary key is what keeps a due instant from yielding two runs.
CREATE TABLE runs (
    id            TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    namespace     TEXT COLLATE "C" NOT NULL,
    task_id       TEXT COLLATE "C" NOT NULL,
    task_version  BIGINT           NOT NULL,
    delayed_id    TEXT COLLATE "C" NOT NULL,
    occurrence_id TEXT COLLATE "C" NOT NULL,
    parent_run_id TEXT COLLATE "C" NOT NULL,
    triggered_by  TEXT COLLATE "C" NOT NULL,
    attempt       BIGINT           NOT NULL,
    retry         BIGINT           NOT NULL,
    requested_by  BIGINT           NOT NULL,
    queue         TEXT COLLATE "C" NOT NULL,
    state         TEXT COLLATE "C" NOT NULL,
    due_at        BIGINT           NOT NULL,
    fire_at       BIGINT           NOT NULL,
    claim_at      BIGINT, -- from when a master may reserve it; NULL while one has it
    token         BIGINT           NOT NULL,
    holder        TEXT COLLATE "C" NOT NULL, -- incarnation that has it: a master's, then a worker's; '' for none
    worker        TEXT COLLATE "C" NOT NULL,
    planned_at    BIGINT           NOT NULL,
    dispatched_at BIGINT           NOT NULL,
    started_at    BIGINT           NOT NULL,
    shard         BIGINT           NOT NULL DEFAULT 0, -- which of how many runs of one firing this is; 0 of 0: the only one
    shards        BIGINT           NOT NULL DEFAULT 0
) WITH (
    -- Every row is written a few times and deleted within seconds: room for updates in place, and a vacuum that comes often.
    fillfactor = 60, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000,
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000, autovacuum_vacuum_cost_delay = 0
);
CREATE INDEX runs_claim ON runs (queue, claim_at) WHERE claim_at IS NOT NULL;
CREATE INDEX runs_holder ON runs (holder) WHERE holder <> '';
CREATE INDEX runs_task ON runs (task_id) WHERE task_id <> '';
CREATE INDEX runs_delayed ON runs (delayed_id) WHERE delayed_id <> '';

-- The overlap guard: whose run of a task is under way.
CREATE TABLE guards (
    task_id  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    run_id   TEXT COLLATE "C" NOT NULL,
    taken_at BIGINT           NOT NULL
);

-- Finished runs. Ids begin with the due instant, so the primary key is also the order of time.
CREATE TABLE run_history (
    id            TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    namespace     TEXT COLLATE "C" NOT NULL,
    task_id       TEXT COLLATE "C" NOT NULL,
    task_version  BIGINT           NOT NULL,
    delayed_id    TEXT COLLATE "C" NOT NULL,
    occurrence_id TEXT COLLATE "C" NOT NULL,
    parent_run_id TEXT COLLATE "C" NOT NULL,
    triggered_by  TEXT COLLATE "C" NOT NULL,
    attempt       BIGINT           NOT NULL,
    retry         BIGINT           NOT NULL,
    requested_by  BIGINT           NOT NULL,
    queue         TEXT COLLATE "C" NOT NULL,
    state         TEXT COLLATE "C" NOT NULL,
    due_at        BIGINT           NOT NULL,
    fire_at       BIGINT           NOT NULL,
    token         BIGINT           NOT NULL,
    worker        TEXT COLLATE "C" NOT NULL,
    planned_at    BIGINT           NOT NULL,
    dispatched_at BIGINT           NOT NULL,
    sent_at       BIGINT           NOT NULL,
    answered_at   BIGINT           NOT NULL,
    recorded_at   BIGINT           NOT NULL,
    missed_count  BIGINT           NOT NULL, -- firings that this row stands for; more than 1 only for a missed stretch
    last_due_at   BIGINT           NOT NULL,
    status        BIGINT           NOT NULL,
    truncated     BOOLEAN          NOT NULL,
    reason        TEXT             NOT NULL,
    request       TEXT             NOT NULL,
    content_type  TEXT             NOT NULL,
    log           TEXT             NOT NULL, -- lines that came with the outcome, JSON; '' for none
    response      BYTEA            NULL,
    shard         BIGINT           NOT NULL DEFAULT 0,
    shards        BIGINT           NOT NULL DEFAULT 0
);
CREATE INDEX run_history_task ON run_history (task_id, id) WHERE task_id <> '';
CREATE INDEX run_history_delayed ON run_history (delayed_id, id) WHERE delayed_id <> '';

-- Lines that came before the outcome, a chunk a row.
CREATE TABLE run_logs (
    run_id     TEXT COLLATE "C" NOT NULL,
    token      BIGINT           NOT NULL,
    first_line BIGINT           NOT NULL, -- number of the chunk's first line
    chunk      TEXT             NOT NULL,
    PRIMARY KEY (run_id, token, first_line)
);

CREATE TABLE daily_counts (
    namespace TEXT COLLATE "C" NOT NULL,
    day       BIGINT           NOT NULL, -- yyyymmdd, UTC
    outcome   TEXT COLLATE "C" NOT NULL,
    runs      BIGINT           NOT NULL,
    PRIMARY KEY (namespace, day, outcome)
);

CREATE TABLE nodes (
    kind        TEXT COLLATE "C" NOT NULL,
    name        TEXT COLLATE "C" NOT NULL,
    incarnation TEXT COLLATE "C" NOT NULL,
    state       TEXT COLLATE "C" NOT NULL,
    weight      BIGINT           NOT NULL,
    slots       BIGINT           NOT NULL,
    labels      TEXT             NOT NULL, -- JSON array
    version     TEXT COLLATE "C" NOT NULL,
    started_at  BIGINT           NOT NULL,
    seen_at     BIGINT           NOT NULL,
    running     BIGINT           NOT NULL,
    -- What an administrator said of a node goes before what the node says of itself.
    admin_state  TEXT COLLATE "C" NOT NULL DEFAULT '', -- '': nothing was said
    admin_weight BIGINT           NOT NULL DEFAULT 0, -- 0: the node's own
    admin_labels TEXT             NOT NULL DEFAULT '', -- JSON array; '': the node's own
    protocol     BIGINT           NOT NULL DEFAULT 0,
    PRIMARY KEY (kind, name)
);

-- The lease of each process, by its incarnation: what reserved and running runs live by.
CREATE TABLE incarnations (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    kind        TEXT COLLATE "C" NOT NULL,
    name        TEXT COLLATE "C" NOT NULL,
    host        TEXT COLLATE "C" NOT NULL, -- incarnation of the master whose process it lives in; '' for its own process
    lease_until BIGINT           NOT NULL
);
CREATE INDEX incarnations_lease ON incarnations (lease_until);

-- Leases that let one master at a time do a duty.
CREATE TABLE leases (
    name        TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    holder      TEXT COLLATE "C" NOT NULL,
    token       BIGINT           NOT NULL,
    lease_until BIGINT           NOT NULL
);

CREATE TABLE users (
    id            BIGINT           NOT NULL GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    name          TEXT COLLATE "C" NOT NULL UNIQUE,
    password_hash TEXT             NOT NULL,
    secret_hash   TEXT             NOT NULL,
    role          TEXT COLLATE "C" NOT NULL,
    email         TEXT             NOT NULL,
    disabled      BOOLEAN          NOT NULL,
    must_change   BOOLEAN          NOT NULL,
    created_at    BIGINT           NOT NULL
);

CREATE TABLE settings (
    name  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value TEXT             NOT NULL
);

-- Secrets of the cluster itself, such as the join token.
CREATE TABLE secrets (
    name  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value TEXT             NOT NULL
);

-- Notices owed to people, written with the outcome that causes them.
CREATE TABLE notices (
    run_id     TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    task_id    TEXT COLLATE "C" NOT NULL,
    delayed_id TEXT COLLATE "C" NOT NULL,
    tries      BIGINT           NOT NULL,
    next_try   BIGINT           NOT NULL
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
