-- What many masters need of each other.

-- +goose Up

-- Runs under way that somebody asked to end. Any master takes the request; the one that has the worker's stream passes
-- it on. A row leaves with its run.
CREATE TABLE IF NOT EXISTS cancels (
    run_id   VARBINARY(36) NOT NULL PRIMARY KEY,
    reason   MEDIUMTEXT NOT NULL,
    asked_at BIGINT NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;

-- +goose Down
DROP TABLE cancels;
