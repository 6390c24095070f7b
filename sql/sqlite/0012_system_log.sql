-- The log of the masters themselves. Ids begin with the instant, so the primary key is also the order of time; the lines of
-- one level are read by the index, so that errors are found among many lines that say less.

-- +goose Up

CREATE TABLE system_log (
    id         TEXT    NOT NULL PRIMARY KEY,
    noted_at   INTEGER NOT NULL,
    level      TEXT    NOT NULL,
    node       TEXT    NOT NULL,
    message    TEXT    NOT NULL,
    attributes TEXT    NOT NULL
) WITHOUT ROWID;
CREATE INDEX system_log_level ON system_log (level, id);

-- +goose Down
DROP TABLE system_log;
