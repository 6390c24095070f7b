-- Carillon's first schema.
--
-- Every instant is a whole number of microseconds since the Unix epoch, UTC: exact, sortable and alike in every
-- dialect. NULL stands in instants that an index must leave out; elsewhere an absent instant is 0 and an absent text is
-- ''. Tables that are written at every firing are narrow and apart from those that hold definitions and answers.

-- +goose Up

CREATE TABLE tasks (
    id              TEXT    NOT NULL PRIMARY KEY,
    namespace       TEXT    NOT NULL,
    kind            TEXT    NOT NULL,
    title           TEXT    NOT NULL,
    remark          TEXT    NOT NULL,
    definition      TEXT    NOT NULL, -- core.Definition as JSON; one version never changes
    created_by      INTEGER NOT NULL,
    created_by_name TEXT    NOT NULL,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL
);
CREATE INDEX tasks_created ON tasks (namespace, created_at, id);

-- What planning reads and writes of a task.
CREATE TABLE task_plans (
    task_id   TEXT    NOT NULL PRIMARY KEY,
    namespace TEXT    NOT NULL,
    state     TEXT    NOT NULL,
    version   INTEGER NOT NULL,
    next_due  INTEGER,                    -- first due instant not yet planned; NULL: none
    problem   TEXT    NOT NULL DEFAULT '' -- why planning set the task aside; '' when it did not
) WITHOUT ROWID;
CREATE INDEX task_plans_due ON task_plans (next_due) WHERE next_due IS NOT NULL;

-- What recording counts of a task.
CREATE TABLE task_stats (
    task_id      TEXT    NOT NULL PRIMARY KEY,
    runs         INTEGER NOT NULL,
    last_run_at  INTEGER NOT NULL,
    last_outcome TEXT    NOT NULL
) WITHOUT ROWID;

CREATE TABLE task_children (
    parent_id TEXT NOT NULL,
    child_id  TEXT NOT NULL,
    PRIMARY KEY (parent_id, child_id)
) WITHOUT ROWID;
CREATE INDEX task_children_child ON task_children (child_id);

CREATE TABLE delayed_tasks (
    id              TEXT    NOT NULL PRIMARY KEY,
    namespace       TEXT    NOT NULL,
    source_app      TEXT    NOT NULL,
    topic           TEXT    NOT NULL,
    content_key     TEXT    NOT NULL,
    state           TEXT    NOT NULL,
    due_at          INTEGER NOT NULL,
    next_due        INTEGER,              -- due_at until its run is planned, then NULL
    resets          INTEGER NOT NULL,
    runs            INTEGER NOT NULL,
    idempotency_key TEXT,
    created_by      INTEGER NOT NULL,
    created_by_name TEXT    NOT NULL,
    created_at      INTEGER NOT NULL,
    finished_at     INTEGER NOT NULL,
    executors       TEXT    NOT NULL,     -- JSON array of worker names; '' for any
    retry           TEXT    NOT NULL,     -- core.RetryPolicy as JSON
    callback        TEXT    NOT NULL      -- core.Callback as JSON, as workers get it
);
CREATE INDEX delayed_tasks_due ON delayed_tasks (next_due) WHERE next_due IS NOT NULL;
CREATE INDEX delayed_tasks_key ON delayed_tasks (source_app, topic, content_key);
CREATE UNIQUE INDEX delayed_tasks_idempotency ON delayed_tasks (namespace, idempotency_key) WHERE idempotency_key IS NOT NULL;

-- Open runs: the queue. A row leaves for run_history in the transaction that ends the run. The id is derived from the
-- run's key (core.RunID), so the primary key is what keeps a due instant from yielding two runs.
CREATE TABLE runs (
    id            TEXT    NOT NULL PRIMARY KEY,
    namespace     TEXT    NOT NULL,
    task_id       TEXT    NOT NULL,
    task_version  INTEGER NOT NULL,
    delayed_id    TEXT    NOT NULL,
    occurrence_id TEXT    NOT NULL,
    parent_run_id TEXT    NOT NULL,
    triggered_by  TEXT    NOT NULL,
    attempt       INTEGER NOT NULL,
    retry         INTEGER NOT NULL,
    requested_by  INTEGER NOT NULL,
    queue         TEXT    NOT NULL,
    state         TEXT    NOT NULL,
    due_at        INTEGER NOT NULL,
    fire_at       INTEGER NOT NULL,
    claim_at      INTEGER,                -- from when a master may reserve it; NULL while one has it
    token         INTEGER NOT NULL,
    holder        TEXT    NOT NULL,       -- incarnation that has it: a master's, then a worker's; '' for none
    worker        TEXT    NOT NULL,
    planned_at    INTEGER NOT NULL,
    dispatched_at INTEGER NOT NULL,
    started_at    INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX runs_claim ON runs (queue, claim_at) WHERE claim_at IS NOT NULL;
CREATE INDEX runs_holder ON runs (holder) WHERE holder <> '';
CREATE INDEX runs_task ON runs (task_id) WHERE task_id <> '';
CREATE INDEX runs_delayed ON runs (delayed_id) WHERE delayed_id <> '';

-- The overlap guard: whose run of a task is under way.
CREATE TABLE guards (
    task_id  TEXT    NOT NULL PRIMARY KEY,
    run_id   TEXT    NOT NULL,
    taken_at INTEGER NOT NULL
) WITHOUT ROWID;

-- Finished runs. Ids begin with the due instant, so the primary key is also the order of time.
CREATE TABLE run_history (
    id            TEXT    NOT NULL PRIMARY KEY,
    namespace     TEXT    NOT NULL,
    task_id       TEXT    NOT NULL,
    task_version  INTEGER NOT NULL,
    delayed_id    TEXT    NOT NULL,
    occurrence_id TEXT    NOT NULL,
    parent_run_id TEXT    NOT NULL,
    triggered_by  TEXT    NOT NULL,
    attempt       INTEGER NOT NULL,
    retry         INTEGER NOT NULL,
    requested_by  INTEGER NOT NULL,
    queue         TEXT    NOT NULL,
    state         TEXT    NOT NULL,
    due_at        INTEGER NOT NULL,
    fire_at       INTEGER NOT NULL,
    token         INTEGER NOT NULL,
    worker        TEXT    NOT NULL,
    planned_at    INTEGER NOT NULL,
    dispatched_at INTEGER NOT NULL,
    sent_at       INTEGER NOT NULL,
    answered_at   INTEGER NOT NULL,
    recorded_at   INTEGER NOT NULL,
    missed_count  INTEGER NOT NULL,       -- firings that this row stands for; more than 1 only for a missed stretch
    last_due_at   INTEGER NOT NULL,
    status        INTEGER NOT NULL,
    truncated     INTEGER NOT NULL,
    reason        TEXT    NOT NULL,
    request       TEXT    NOT NULL,
    content_type  TEXT    NOT NULL,
    log           TEXT    NOT NULL,       -- lines that came with the outcome, JSON; '' for none
    response      BLOB
);
CREATE INDEX run_history_task ON run_history (task_id, id) WHERE task_id <> '';
CREATE INDEX run_history_delayed ON run_history (delayed_id, id) WHERE delayed_id <> '';

-- Lines that came before the outcome, a chunk a row.
CREATE TABLE run_logs (
    run_id TEXT    NOT NULL,
    token  INTEGER NOT NULL,
    first  INTEGER NOT NULL,              -- number of the chunk's first line
    lines  TEXT    NOT NULL,
    PRIMARY KEY (run_id, token, first)
) WITHOUT ROWID;

CREATE TABLE daily_counts (
    namespace TEXT    NOT NULL,
    day       INTEGER NOT NULL,           -- yyyymmdd, UTC
    outcome   TEXT    NOT NULL,
    runs      INTEGER NOT NULL,
    PRIMARY KEY (namespace, day, outcome)
) WITHOUT ROWID;

CREATE TABLE nodes (
    kind        TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    incarnation TEXT    NOT NULL,
    state       TEXT    NOT NULL,
    weight      INTEGER NOT NULL,
    slots       INTEGER NOT NULL,
    labels      TEXT    NOT NULL,         -- JSON array
    version     TEXT    NOT NULL,
    started_at  INTEGER NOT NULL,
    seen_at     INTEGER NOT NULL,
    running     INTEGER NOT NULL,
    PRIMARY KEY (kind, name)
) WITHOUT ROWID;

-- The lease of each process, by its incarnation: what reserved and running runs live by.
CREATE TABLE incarnations (
    id          TEXT    NOT NULL PRIMARY KEY,
    kind        TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    host        TEXT    NOT NULL,         -- incarnation of the master whose process it lives in; '' for its own process
    lease_until INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX incarnations_lease ON incarnations (lease_until);

-- Leases that let one master at a time do a duty.
CREATE TABLE leases (
    name        TEXT    NOT NULL PRIMARY KEY,
    holder      TEXT    NOT NULL,
    token       INTEGER NOT NULL,
    lease_until INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE users (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    name          TEXT    NOT NULL UNIQUE,
    password_hash TEXT    NOT NULL,
    secret_hash   TEXT    NOT NULL,
    role          TEXT    NOT NULL,
    email         TEXT    NOT NULL,
    disabled      INTEGER NOT NULL,
    must_change   INTEGER NOT NULL,
    created_at    INTEGER NOT NULL
);

CREATE TABLE settings (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- Secrets of the cluster itself, such as the join token.
CREATE TABLE secrets (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- Notices owed to people, written with the outcome that causes them.
CREATE TABLE notices (
    run_id     TEXT    NOT NULL PRIMARY KEY,
    task_id    TEXT    NOT NULL,
    delayed_id TEXT    NOT NULL,
    tries      INTEGER NOT NULL,
    next_try   INTEGER NOT NULL
) WITHOUT ROWID;
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
