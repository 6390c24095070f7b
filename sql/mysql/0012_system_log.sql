-- The log of the masters themselves. Ids begin with the instant, so the primary key is also the order of time; the lines of
-- one level are read by the index, so that errors are found among many lines that say less.

-- +goose Up

CREATE TABLE IF NOT EXISTS system_log (
    id         VARBINARY(36)  NOT NULL PRIMARY KEY,
    noted_at   BIGINT         NOT NULL,
    level      VARBINARY(20)  NOT NULL,
    node       VARBINARY(400) NOT NULL,
    message    TEXT           NOT NULL,
    attributes TEXT           NOT NULL,
    KEY system_log_level (level, id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;

-- +goose Down
DROP TABLE system_log;
