-- What many masters need of each other.

-- +goose Up

-- Runs under way that somebody asked to end. Any master takes the request; the one that has the worker's stream passes
-- it on. A row leaves with its run.
CREATE TABLE cancels (
    run_id   TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    reason   TEXT NOT NULL,
    asked_at BIGINT NOT NULL
);

-- +goose Down
DROP TABLE cancels;
