-- The log of the masters themselves. Ids begin with the instant, so the primary key is also the order of time; the lines of
-- one level are read by the index, so that errors are found among many lines that say less.

-- +goose Up

CREATE TABLE system_log (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    noted_at   BIGINT           NOT NULL,
    level      TEXT COLLATE "C" NOT NULL,
    node       TEXT COLLATE "C" NOT NULL,
    message    TEXT             NOT NULL,
    attributes TEXT             NOT NULL
);
CREATE INDEX system_log_level ON system_log (level, id);

-- +goose Down
DROP TABLE system_log;
