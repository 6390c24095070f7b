-- Who changed what, when and from where. A row is written in the transaction of its change. Ids begin with the instant, so
-- the primary key is also the order of time.

-- +goose Up

CREATE TABLE audit (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    noted_at    BIGINT           NOT NULL,
    user_id     BIGINT           NOT NULL,
    user_name   TEXT COLLATE "C" NOT NULL,
    api_token   TEXT             NOT NULL,
    address     TEXT             NOT NULL,
    via         TEXT COLLATE "C" NOT NULL,
    action      TEXT COLLATE "C" NOT NULL,
    kind        TEXT COLLATE "C" NOT NULL,
    object_id   TEXT COLLATE "C" NOT NULL,
    object_name TEXT             NOT NULL,
    changes     TEXT             NOT NULL -- JSON array of core.FieldChange; secrets masked
);
CREATE INDEX audit_object ON audit (kind, object_id, id);
CREATE INDEX audit_user ON audit (user_name, id);

-- +goose Down
DROP TABLE audit;
