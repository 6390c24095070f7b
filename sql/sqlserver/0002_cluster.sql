-- What many masters need of each other.

-- +goose Up

-- Runs under way that somebody asked to end. Any master takes the request; the one that has the worker's stream passes
-- it on. A row leaves with its run.
CREATE TABLE cancels (
    run_id   NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY,
    reason   NVARCHAR(MAX) NOT NULL,
    asked_at BIGINT NOT NULL
);

-- +goose Down
DROP TABLE cancels;
