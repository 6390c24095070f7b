-- The log of the masters themselves. Ids begin with the instant, so the primary key is also the order of time; the lines of
-- one level are read by the index, so that errors are found among many lines that say less.

-- +goose Up

CREATE TABLE system_log (
    id         NVARCHAR(36) COLLATE Latin1_General_100_BIN2  NOT NULL PRIMARY KEY,
    noted_at   BIGINT                                        NOT NULL,
    level      NVARCHAR(20) COLLATE Latin1_General_100_BIN2  NOT NULL,
    node       NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL,
    message    NVARCHAR(MAX)                                 NOT NULL,
    attributes NVARCHAR(MAX)                                 NOT NULL
);
CREATE INDEX system_log_level ON system_log (level, id);

-- +goose Down
DROP TABLE system_log;
