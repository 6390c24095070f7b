-- What many masters need of each other, and what administrators say of nodes.

-- +goose Up

-- Runs under way that somebody asked to end. Any master takes the request; the one that has the worker's stream passes
-- it on. A row leaves with its run.
CREATE TABLE cancels (
    run_id   TEXT    NOT NULL PRIMARY KEY,
    reason   TEXT    NOT NULL,
    asked_at INTEGER NOT NULL
) WITHOUT ROWID;

-- What an administrator said of a node goes before what the node says of itself.
ALTER TABLE nodes ADD COLUMN admin_state  TEXT    NOT NULL DEFAULT ''; -- '': nothing was said
ALTER TABLE nodes ADD COLUMN admin_weight INTEGER NOT NULL DEFAULT 0;  -- 0: the node's own
ALTER TABLE nodes ADD COLUMN admin_labels TEXT    NOT NULL DEFAULT ''; -- JSON array; '': the node's own
ALTER TABLE nodes ADD COLUMN protocol     INTEGER NOT NULL DEFAULT 0;

-- LINES is a reserved word of MySQL.
ALTER TABLE run_logs RENAME COLUMN first TO first_line;
ALTER TABLE run_logs RENAME COLUMN lines TO chunk;

-- A firing that goes to several workers is a run for each: which of how many this one is. 0 of 0: the only one.
ALTER TABLE runs ADD COLUMN shard  INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN shards INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run_history ADD COLUMN shard  INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run_history ADD COLUMN shards INTEGER NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE run_history DROP COLUMN shards;
ALTER TABLE run_history DROP COLUMN shard;
ALTER TABLE runs DROP COLUMN shards;
ALTER TABLE runs DROP COLUMN shard;
ALTER TABLE run_logs RENAME COLUMN chunk TO lines;
ALTER TABLE run_logs RENAME COLUMN first_line TO first;
ALTER TABLE nodes DROP COLUMN protocol;
ALTER TABLE nodes DROP COLUMN admin_labels;
ALTER TABLE nodes DROP COLUMN admin_weight;
ALTER TABLE nodes DROP COLUMN admin_state;
DROP TABLE cancels;
