-- Who changed what, when and from where. A row is written in the transaction of its change. Ids begin with the instant, so
-- the primary key is also the order of time.

-- +goose Up

CREATE TABLE audit (
    id          TEXT    NOT NULL PRIMARY KEY,
    noted_at    INTEGER NOT NULL,
    user_id     INTEGER NOT NULL,
    user_name   TEXT    NOT NULL,
    api_token   TEXT    NOT NULL,
    address     TEXT    NOT NULL,
    via         TEXT    NOT NULL,
    action      TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    object_id   TEXT    NOT NULL,
    object_name TEXT    NOT NULL,
    changes     TEXT    NOT NULL -- JSON array of core.FieldChange; secrets masked
) WITHOUT ROWID;
CREATE INDEX audit_object ON audit (kind, object_id, id);
CREATE INDEX audit_user ON audit (user_name, id);

-- +goose Down
DROP TABLE audit;
